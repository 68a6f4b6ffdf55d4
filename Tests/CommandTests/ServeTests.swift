import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StrictJSON
import Testing
import Workshop

/// `bertqa serve` as its users run it.
struct ServingTool {
    let running: Tool.Running
    let address: String

    /// Starts it with a workshop's model on a port that is free, and waits until it is ready.
    init(_ shop: Workshop, _ arguments: [String] = [], shell: String? = nil) throws {
        (running, address) = try Self.start(shop, arguments, shell: shell)
        try #require(!address.isEmpty, "\(running.said)")
    }

    /// The same for a server that may end instead: its address is empty then.
    static func start(
        _ shop: Workshop, _ arguments: [String], shell: String?
    ) throws -> (running: Tool.Running, address: String) {
        let running = try Tool.start(
            ["serve", "--model", "\(shop.path)/model", "--port", "0", "--max-length", "48"] + arguments, shell: shell)
        running.wait { $0.contains("\"ready\"") && $0.contains("\"url\"") }
        let line = running.said.split(separator: "\n").first { $0.contains("\"url\"") }
        let url = try line.flatMap { try JSONValue.parse(Array($0.utf8))["url"]?.string } ?? ""
        return (running, String(url.dropLast()))
    }

}

@Suite("Serve")
struct ServeTests {
    @Test("on SIGTERM everything that was accepted is answered, and it ends with 0")
    func drain() async throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none"])
        let text = Array(repeating: "ada lives in the town of rome.", count: 100).joined(separator: " ")
        let body = "{\"question\": \"who lives in rome?\", \"context\": \"\(text)\"}"
        let process = server.running.identifier
        let found = try await ThreadedClient.run(server.address) { client in
            let responses = try client.post("/v1/answer", body, times: 48)
            try client.wait { metrics in
                let answered = ThreadedClient.value(of: "bertqa_requests_total", in: metrics, with: "/v1/answer")
                // The request for the metrics is one of those in flight.
                return answered + ThreadedClient.value(of: "bertqa_requests_in_flight ", in: metrics) >= 49
            }
            kill(process, SIGTERM)
            return try statuses(responses)
        }
        #expect(found == Array(repeating: 200, count: 48))
        let output = try server.running.finish()
        #expect(output.status == 0 && !output.signalled, "\(output.err)")
        #expect(output.out.isEmpty)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("SIGTERM amid a rush of new connections ends it with 0")
    func rush() async throws {
        let shop = try Workshop()
        for _ in 0..<3 {
            let server = try ServingTool(shop, ["--database", "none"])
            let url = server.address + "/health"
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        var request = HTTPClientRequest(url: url)
                        request.headers.add(name: "connection", value: "close")
                        // Refused once the server is gone, which ends the rush.
                        while let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(5)) {
                            _ = try? await response.body.collect(upTo: 1 << 16)
                        }
                    }
                }
                try? await Task.sleep(for: .milliseconds(400))
                server.running.send(SIGTERM)
            }
            let output = try server.running.finish()
            #expect(output.status == 0 && !output.signalled, "\(output.err)")
        }
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("an address in use, a missing model, a blank key and a bad database end it with a line and a code")
    func refusals() async throws {
        let shop = try Workshop()
        let model = ["serve", "--model", "\(shop.path)/model", "--database", "none"]
        let server = try ServingTool(shop, ["--database", "none"])
        let port = try #require(server.address.split(separator: ":").last)
        let taken = try Tool.run(model + ["--port", "\(port)", "--log-level", "error"])
        taken.expectFailure(74, "cannot listen", "\(port) (Address already in use)")
        server.running.send(SIGINT)
        #expect(try server.running.finish().status == 0)
        let missing = try Tool.run(["serve", "--model", "\(shop.path)/nothing", "--port", "0", "--database", "none"])
        missing.expectFailure(66, "nothing")
        #expect(!missing.err.contains("listening"), "\(missing.err)")
        try Tool.run(model + ["--port", "70000"]).expectFailure(64, "--port")
        try Tool.run(model + ["--max-batch-tokens", "0"]).expectFailure(64, "--max-batch-tokens")
        try " \n".write(toFile: "\(shop.path)/key", atomically: true, encoding: .utf8)
        try Tool.run(model + ["--api-key-file", "\(shop.path)/key"]).expectFailure(74, "key")
        try Tool.run(model + ["--port", "0"], shell: "export BERTQA_API_KEY=' '").expectFailure(64, "BERTQA_API_KEY")
        try Tool.run(["serve", "--model", "\(shop.path)/model", "--database", "\(shop.path)/model"])
            .expectFailure(74, "\(shop.path)/model")
        try FileManager.default.removeItem(atPath: shop.path)
    }
}
