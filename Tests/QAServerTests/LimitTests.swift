import Foundation
import QAServer
import StrictJSON
import Testing

@Suite("Under load and attack")
struct LimitTests {
    @Test("until the model is loaded the server lives and is not ready")
    func notReady() async throws {
        let gate = Gate()
        try await LocalServer.run(holdModel: { await gate.wait() }) { server in
            #expect(try await server.send(.GET, "/health").status == 200)
            let reply = try await server.send(.GET, "/ready")
            #expect(reply.status == 503 && reply.headers.first(name: "retry-after") == "1")
            #expect(try await server.send(.POST, "/v1/answer", request("who?", "rome")).status == 503)
            #expect(try await server.send(.GET, "/metrics").text.contains("bertqa_ready 0"))
            await gate.open()
            try await server.ready()
        }
    }

    @Test("more requests than the limit are refused at once with 429; the others are answered")
    func overload() async throws {
        try await LocalServer.run({ options, _ in options.limits.concurrentRequests = 2 }) { server in
            try await server.ready()
            let text = Array(repeating: APITests.text, count: 200).joined(separator: " ")
            let statuses = try await withThrowingTaskGroup(of: Int.self, returning: [Int].self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        let reply = try await server.send(.POST, "/v1/answer", request("who lives in rome?", text))
                        if reply.status == 429 { #expect(reply.headers.first(name: "retry-after") == "1") }
                        return reply.status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses) == [200, 429])
            #expect(try await server.send(.POST, "/v1/answer", request("who?", "rome")).status == 200)
        }
    }

    @Test("a body over the limit is refused with 413, with and without a length")
    func payload() async throws {
        try await LocalServer.run({ options, _ in
            options.limits.payloadBytes = 1000
            options.timeouts.idle = .milliseconds(500)
        }) { server in
            try await server.ready()
            let body = request("who?", String(repeating: "rome ", count: 400))
            #expect(try await server.post("/v1/answer", body, expecting: 413)["error"]?["type"]?.string == "too_large")
            let head =
                "POST /v1/answer HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: "
                + "chunked\r\n\r\n"
            let chunk = "258\r\n" + String(repeating: "a", count: 600) + "\r\n"
            let reply = try await server.raw([head, chunk, chunk, "0\r\n\r\n"])
            #expect(reply.hasPrefix("HTTP/1.1 413"), "\(reply)")
        }
    }

    @Test(
        "a path that the router reads as another one does not pass by the API key",
        arguments: [
            "//v1/documents/x", "///v1//documents//x", "/v1//documents/x/", "http://127.0.0.1/v1/documents/x",
            "http://127.0.0.1//v1/documents/x", "//v1/documents", "/v1/%64ocuments/x", "/%76%31/documents/x",
            "//v1/models", "/v2/unknown",
        ])
    func paths(_ target: String) async throws {
        try await LocalServer.run({ options, _ in options.apiKey = try APIKey("a key of some length") }) { server in
            for method in ["GET", "PUT", "DELETE", "HEAD", "POST", "OPTIONS"] {
                let body = #"{"text": "rome"}"#
                let head = "\(method) \(target) HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
                let reply = try await server.raw([head + "content-length: \(body.utf8.count)\r\n\r\n\(body)"])
                #expect(reply.hasPrefix("HTTP/1.1 401"), "\(method) \(target): \(reply)")
            }
        }
    }

    @Test("with an API key the API needs it; the page and the probes do not")
    func apiKey() async throws {
        try await LocalServer.run({ options, _ in options.apiKey = try APIKey(" s3cret-s3cret-s3cret\n") }) { server in
            for path in ["/", "/health", "/metrics", "/openapi.json"] {
                #expect(try await server.send(.GET, path).status == 200)
            }
            for value in [
                nil, "s3cret-s3cret-s3cret", "Bearer", "Bearer wrong", "Bearer s3cret-s3cret-s3cret2",
                "Basic s3cret-s3cret-s3cret",
            ] as [String?] {
                let headers = value.map { [("authorization", $0)] } ?? []
                let reply = try await server.send(.POST, "/v1/answer", request("who?", "rome"), headers: headers)
                #expect(reply.status == 401, "\(value ?? "none")")
                #expect(reply.headers.first(name: "www-authenticate") == "Bearer")
                #expect(try await server.send(.GET, "/v1/documents", nil, headers: headers).status == 401)
                #expect(try await server.send(.POST, "/", "{}", headers: headers).status == 401)
            }
            try await server.ready()
            let key = [("authorization", "bearer s3cret-s3cret-s3cret")]
            _ = try await server.post("/v1/answer", request("who?", "rome"), headers: key)
        }
    }

    // One limit is short in each: on a busy machine a client could meet another one first.
    @Test("slow headers are cut off")
    func slowHeaders() async throws {
        try await LocalServer.run({ options, _ in options.timeouts.headers = .milliseconds(300) }) { server in
            for pieces in [[], ["GET /health HT"]] {
                let reply = try await server.raw(pieces)
                #expect(reply.hasPrefix("HTTP/1.1 408"), "\(reply)")
            }
        }
    }

    @Test("a slow body is cut off")
    func slowBody() async throws {
        try await LocalServer.run({ options, _ in options.timeouts.body = .milliseconds(300) }) { server in
            try await server.ready()
            let reply = try await server.raw([
                "POST /v1/answer HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: "
                    + "10\r\n\r\n{"
            ])
            #expect(reply.hasPrefix("HTTP/1.1 408") && reply.contains("\"timeout\""), "\(reply)")
        }
    }

    @Test("an idle connection is closed without a word, after its answer")
    func idle() async throws {
        try await LocalServer.run({ options, _ in options.timeouts.idle = .milliseconds(300) }) { server in
            let reply = try await server.raw(["GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"])
            #expect(reply.hasPrefix("HTTP/1.1 200") && !reply.contains("408"), "\(reply)")
        }
    }

    @Test("what is not HTTP is refused, and a client that asks whether to send a body is told")
    func oddClients() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let odd = try await server.raw(["hello\r\n\r\n"])
            #expect(odd.hasPrefix("HTTP/1.1 400") && odd.contains("malformed"), "\(odd)")
            let body = request("who lives in rome?", APITests.text)
            let head =
                "POST /v1/answer HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: "
                + "close\r\nexpect: 100-continue\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
            let reply = try await server.raw([head, body])
            #expect(reply.hasPrefix("HTTP/1.1 100"))
            #expect(reply.contains("HTTP/1.1 200"))
        }
    }
}
