import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import QAServer
import QuestionAnswering
import StrictJSON
import Testing
import Workshop

@Suite("Routes in another application")
struct MountingTests {
    @Test("the API answers below a group's path, and the application's own routes beside it")
    func group() async throws {
        let shop = try Workshop()
        var reading = ReaderOptions()
        (reading.maxLength, reading.precision, reading.device) = (48, .fp32, .cpu)
        let options = ServerOptions(modelName: "tiny", version: "1.2.3")
        let server = try AnswerServer(options: options, logger: Logger(label: "test")) { [reading] in
            try await Reader.load("\(shop.path)/model", options: reading)
        }
        let router = Router()
        router.get("/") { _, _ in "its own" }
        server.addRoutes(to: router.group("some/where"))
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        var application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) })
        application.addServices(server.model)
        let running = Task { [application] in try await application.runService(gracefulShutdownSignals: []) }
        let port = try #require(await ports.first { _ in true })

        #expect(try await get(port, "").text == "its own")
        for _ in 0..<600 where try await get(port, "some/where/ready").status != 200 {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await get(port, "some/where/health").status == 200)
        #expect(try await get(port, "some/where/v1/nothing").status == 404)
        let stored = try await send(port, .PUT, "some/where/v1/documents/ada", #"{"text": "Ada wrote it."}"#)
        #expect(stored.status == 201)
        let listed = try await get(port, "some/where/v1/documents?limit=1")
        #expect(try JSONValue.parse(Array(listed.text.utf8))["documents"]?.array?.count == 1)
        let answer = try await send(
            port, .POST, "some/where/v1/answer", #"{"question": "who?", "context": "ada wrote it."}"#)
        #expect(try JSONValue.parse(Array(answer.text.utf8))["answers"]?.array?.count == 1)

        running.cancel()
        _ = await running.result
        try FileManager.default.removeItem(atPath: shop.path)
    }

    private func get(_ port: Int, _ path: String) async throws -> (status: UInt, text: String) {
        try await send(port, .GET, path, nil)
    }

    private func send(
        _ port: Int, _ method: HTTPMethod, _ path: String, _ body: String?
    ) async throws -> (status: UInt, text: String) {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/\(path)")
        request.method = method
        request.headers.add(name: "content-type", value: "application/json")
        if let body { request.body = .bytes(Array(body.utf8)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        return (response.status.code, String(buffer: bytes))
    }
}
