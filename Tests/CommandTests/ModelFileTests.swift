import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StrictJSON
import Testing
import Workshop

/// Model files that other programs write to while a command has them mapped.
@Suite("Model files that change")
struct ModelFileTests {
    @Test("a server answers as before when its weights are overwritten and cut to nothing")
    func server() async throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none", "--precision", "fp32"])
        let weights = URL(fileURLWithPath: "\(shop.path)/model/model.safetensors")
        let before = try await Self.answer(server.address)
        let file = try FileHandle(forUpdating: weights)
        try file.write(contentsOf: Data(repeating: 0x7F, count: try Data(contentsOf: weights).count))
        #expect(try await Self.answer(server.address) == before)
        try file.truncate(atOffset: 0)
        #expect(try await Self.answer(server.address) == before)
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
    }

    @Test("a bus error, which reading beyond the end of a cut file is, ends a command with a sentence and code 74")
    func busError() throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none"])
        server.running.send(SIGBUS)
        let output = try server.running.finish()
        #expect(output.status == 74 && !output.signalled)
        #expect(output.err.contains("bertqa: a file was truncated while in use"), "\(output.err)")
    }

    /// The answers of the server to a question.
    private static func answer(_ address: String) async throws -> JSONValue {
        var request = HTTPClientRequest(url: address + "/v1/answer")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(
            ByteBuffer(string: #"{"question": "who lives in rome?", "context": "ada lives in the town of rome."}"#))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let body = try JSONValue.parse(Array((try await response.body.collect(upTo: 1 << 20)).readableBytesView))
        return try #require(body["answers"])
    }
}
