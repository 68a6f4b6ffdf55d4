import Foundation
import QAServer
import StrictJSON
import Testing

@Suite("Connections")
struct ConnectionTests {
    @Test(
        "a client that wants the connection closed gets it closed, however it says so",
        arguments: [
            "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            "GET /health HTTP/1.1\r\nhost: localhost\r\nConnection: Close\r\n\r\n",
            "GET /health HTTP/1.1\r\nhost: localhost\r\nConnection: keep-alive, CLOSE\r\n\r\n",
            "GET /health HTTP/1.0\r\n\r\n", "GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        ])
    func closing(_ request: String) async throws {
        try await SharedServer.use { server in
            let start = ContinuousClock.now
            let reply = try await server.raw([request])
            #expect(reply.hasPrefix("HTTP/1.1 200") && reply.lowercased().contains("connection: close"), "\(reply)")
            #expect(start.duration(to: .now) < .seconds(20), "the connection stayed open")
        }
    }

    @Test("nothing after the last request of a connection is answered")
    func pipelining() async throws {
        try await SharedServer.use { server in
            let last = "GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: Close\r\n\r\n"
            let more = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n"
            let reply = try await server.raw([last + more])
            #expect(reply.components(separatedBy: "HTTP/1.1 200").count == 2, "\(reply)")
        }
    }

    @Test(
        "a client that sends a body over the limit to its end before it reads gets its 413",
        .timeLimit(.minutes(1)), arguments: ["connection: close\r\n", "", "transfer-encoding: chunked\r\n"])
    func largeBodies(_ header: String) async throws {
        try await LocalServer.run { server in
            let size = 5_000_000
            let isChunked = header.contains("chunked")
            let length = isChunked ? "" : "content-length: \(size)\r\n"
            let head =
                "POST /v1/answer HTTP/1.1\r\nhost: localhost\r\ncontent-type: "
                + "application/json\r\n\(length)\(header)\r\n"
            let body = String(repeating: "a", count: size)
            let start = ContinuousClock.now
            let reply = try await server.raw([
                head, isChunked ? String(size, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n" : body,
            ])
            #expect(reply.hasPrefix("HTTP/1.1 413") && reply.contains("too_large"), "\(reply.prefix(200))")
            #expect(start.duration(to: .now) < .seconds(20))
        }
    }

    @Test("a request that is refused before its body is read is answered, whatever the reason")
    func earlyRefusals() async throws {
        try await LocalServer.run({ options, _ in options.apiKey = try APIKey("a key of some length") }) { server in
            let body = String(repeating: "a", count: 1_000_000)
            let reply = try await server.raw([
                "POST /v1/answer HTTP/1.1\r\nhost: localhost\r\ncontent-length: \(body.utf8.count)\r\n\r\n", body,
            ])
            #expect(reply.hasPrefix("HTTP/1.1 401"), "\(reply.prefix(200))")
        }
    }

    @Test("the trace of a request is in the log")
    func traceParent() async throws {
        try await SharedServer.use { server in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let good = [("traceparent", "00-\(trace)-00f067aa0ba902b7-01"), ("x-request-id", "traced")]
            _ = try await server.send(.GET, "/health", headers: good)
            #expect(server.log.lines.contains { $0.contains("\"trace_id\":\"\(trace)\"") && $0.contains("traced") })
            for bad in [
                "00-\(trace)-00f067aa0ba902b7", "00-\(trace)-0000000000000000-01", "ff-\(trace)-00f067aa0ba902b7-01",
                "x",
            ] {
                let headers = [("traceparent", bad), ("x-request-id", "untraced")]
                let reply = try await server.send(.GET, "/health", headers: headers)
                #expect(reply.status == 200)
            }
            #expect(!server.log.lines.contains { $0.contains("trace_id") && $0.contains("untraced") })
        }
    }
}
