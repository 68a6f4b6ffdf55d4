import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import StrictJSON
import Testing
import Workshop

/// Sends a request and returns status and body.
private func send(
    _ method: HTTPMethod, _ url: String, _ body: String? = nil
) async throws -> (status: Int, text: String) {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let body {
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
    return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 24)))
}

@Suite("Serve, when something is in its way")
struct ServeLimitsTests {
    private static let question =
        "{\"question\": \"who lives in rome?\", \"context\": \"ada lives in the town of rome.\"}"

    @Test("SIGTERM while requests outlast the time to stop: the rest gets 503, and it ends with 0")
    func longRequests() async throws {
        let shop = try Workshop()
        // However late the signal comes, some requests are long enough to outlast it.
        for sentences in [2000, 16_000, 128_000] {
            let (found, output) = try await stop(shop, amid: 4, of: sentences)
            #expect(output.status == 0 && !output.signalled, "\(output.err)")
            #expect(Set(found).isSubset(of: [200, 503]), "\(found)")
            guard found.contains(503) else { continue }
            #expect(output.err.contains("the remaining ones are refused") && output.err.contains("stopped"))
            return try FileManager.default.removeItem(atPath: shop.path)
        }
        Issue.record("every request was answered before the server was to stop")
    }

    /// Starts a server, sends requests about texts of so many sentences, and stops it while the model reads the first.
    private func stop(
        _ shop: Workshop, amid count: Int, of sentences: Int
    ) async throws -> (statuses: [UInt], output: Tool.Output) {
        let server = try ServingTool(
            shop,
            [
                "--database", "none", "--drain-seconds", "0", "--max-request-rows", "1000000", "--max-request-tokens",
                "100000000", "--max-waiting-tokens", "1000000000", "--payload-limit", "100000000",
                "--max-waiting-bytes", "10000000000",
            ])
        let text = Array(repeating: "ada lives in the town of rome.", count: sentences).joined(separator: " ")
        let body = "{\"question\": \"who lives in rome?\", \"context\": \"\(text)\"}"
        let process = server.running.identifier
        let found = try await ThreadedClient.run(server.address) { client in
            let responses = try client.post("/v1/answer", body, times: count)
            // The first is being read; the others are not even tokenised.
            try client.wait { ThreadedClient.value(of: "bertqa_wait_seconds_count", in: $0) > 0 }
            kill(process, SIGTERM)
            return try statuses(responses)
        }
        return (found, try server.running.finish())
    }

    @Test("documents are stored in the user's data folder, which is said, and not where the server is started")
    func defaultDatabase() async throws {
        let shop = try Workshop()
        let server = try ServingTool(
            shop, shell: "mkdir \(shop.path)/empty && cd \(shop.path)/empty && export XDG_DATA_HOME=\(shop.path)/data")
        let stored = try await send(.PUT, server.address + "/v1/documents/a", "{\"text\": \"ada lives in rome.\"}")
        #expect(stored.status == 201)
        let file = "\(shop.path)/data/bertqa/documents.sqlite"
        #expect(server.running.said.contains(file), "\(server.running.said)")
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/empty").isEmpty)
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("where no folder can be written it serves without documents, and says how to have them")
    func nowhere() async throws {
        let shop = try Workshop()
        // Nobody can make a folder there, root included.
        let server = try ServingTool(shop, shell: "export XDG_DATA_HOME=/proc/nowhere")
        #expect(try await send(.POST, server.address + "/v1/answer", Self.question).status == 200)
        let stored = try await send(.PUT, server.address + "/v1/documents/a", "{\"text\": \"ada lives in rome.\"}")
        #expect(stored.status == 501 && stored.text.contains("--database"), "\(stored)")
        #expect(server.running.said.contains("--database"), "\(server.running.said)")
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("out of file descriptors it says so, rests, and goes on when there are some again")
    func descriptors() async throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none"], shell: "ulimit -n 80")
        let port = try #require(server.address.split(separator: ":").last.flatMap { Int($0) })
        let group = MultiThreadedEventLoopGroup.singleton
        var channels: [any Channel] = []
        for _ in 0..<120 {
            channels.append(try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get())
        }
        server.running.wait { $0.contains("ulimit -n") }
        #expect(server.running.said.contains("ulimit -n"), "\(server.running.said)")
        let before = try #require(server.running.processorSeconds)
        let start = ContinuousClock.now
        try await Task.sleep(for: .seconds(2))
        let used = try #require(server.running.processorSeconds) - before
        // The other tests keep this process busy, so that two seconds become many.
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        #expect(used < 0.3 * seconds, "\(used) s of processor in \(seconds) s")
        for channel in channels { try? await channel.close() }
        #expect(try await send(.POST, server.address + "/v1/answer", Self.question).status == 200)
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("a model file that is cut or overwritten while it is served changes no answer", arguments: [true, false])
    func changedModel(isCut: Bool) async throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none", "--precision", "fp32"])
        let before = try await send(.POST, server.address + "/v1/answer", Self.question)
        #expect(before.status == 200)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(shop.path)/model/model.safetensors"))
        let size = try file.seekToEnd()
        if isCut {
            try file.truncate(atOffset: 4096)
        } else {
            try file.seek(toOffset: 0)
            try file.write(contentsOf: Data(repeating: 0x3F, count: Int(size)))
        }
        try file.close()
        for question in [Self.question, Self.question.replacingOccurrences(of: "ada", with: "bob")] {
            let after = try await send(.POST, server.address + "/v1/answer", question)
            #expect(after.status == 200)
            if question == Self.question { #expect(after.text == before.text) }
        }
        server.running.send(SIGTERM)
        let output = try server.running.finish()
        #expect(output.status == 0 && !output.signalled, "\(output.err)")
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("options of access that cannot be meant end it with a line and a code")
    func refusals() throws {
        let shop = try Workshop()
        let model = ["serve", "--model", "\(shop.path)/model", "--port", "0", "--database", "none"]
        try Tool.run(model + ["--host", "no such host"]).expectFailure(74, "cannot listen on no such host", "not known")
        try Tool.run(model + ["--allow-origin", "app.example"]).expectFailure(64, "--allow-origin")
        try Tool.run(model + ["--allow-origin", "https://app.example/"]).expectFailure(64, "--allow-origin")
        try Tool.run(model + ["--allowed-hosts", "http://qa.example"]).expectFailure(64, "--allowed-hosts")
        try Tool.run(model + ["--max-waiting-bytes", "\(Int.max)"]).expectFailure(64, "--max-waiting-bytes")
        for (text, words) in [("short", "16"), ("a first key of some length\na second one\n", "2 lines")] {
            try text.write(toFile: "\(shop.path)/key", atomically: true, encoding: .utf8)
            try Tool.run(model + ["--api-key-file", "\(shop.path)/key"]).expectFailure(74, "\(shop.path)/key", words)
            let variable = text.replacingOccurrences(of: "\n", with: "\\n")
            try Tool.run(model, shell: "export BERTQA_API_KEY=\"$(printf '\(variable)')\"")
                .expectFailure(64, "BERTQA_API_KEY", words)
        }
        try FileManager.default.removeItem(atPath: shop.path)
    }
}
