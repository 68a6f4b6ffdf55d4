import Foundation
import QAServer
import StrictJSON
import Testing

@Suite("Budgets")
struct BudgetTests {
    @Test("a question of 400 kB of one word is refused at once, and /health answers meanwhile")
    func longQuestions() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            _ = try await server.send(.PUT, "/v1/documents/a", "{\"text\": \"ada lives in rome.\"}")
            let words = (0..<60_000).map { "w\($0)" }.joined(separator: " ")
            let body = "{\"question\": \"\(words)\"}"
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for path in ["/v1/answer", "/v1/documents/a/answer"] {
                    for _ in 0..<4 {
                        group.addTask {
                            let reply = try await server.post(path, body, expecting: 422)
                            #expect(reply["error"]?["field"]?.string == "question")
                            #expect(reply["error"]?["message"]?.string?.contains("16384") == true)
                        }
                    }
                }
                group.addTask {
                    let health = try await server.send(.GET, "/health")
                    #expect(health.status == 200)
                }
                try await group.waitForAll()
            }
            #expect(start.duration(to: .now) < .seconds(10))
            // The longest question that is allowed, of words that repeat, is searched for.
            let most = String(repeating: "rome ", count: 16_384 / 5)
            let reply = try await server.send(.POST, "/v1/answer", "{\"question\": \"\(most)\"}")
            #expect(reply.status == 422 && reply.text.contains("tokens"), "\(reply.text)")
        }
    }

    @Test("rows and tokens of a request have limits that the refusal names")
    func rowsAndTokens() async throws {
        try await LocalServer.run({ options, _ in
            options.limits.requestRows = 60
            options.limits.requestTokens = 1000
        }) { server in
            try await server.ready()
            let text = Array(repeating: "rome", count: 400).joined(separator: " ")
            let inputs = "\"inputs\": {\"question\": \"who?\", \"context\": \"\(text)\"}"
            let windows = "\"parameters\": {\"max_seq_len\": 24, \"doc_stride\": 18}"
            let rows = try await server.post("/", "{\(inputs), \(windows)}", expecting: 422)
            #expect(rows["error"]?["message"]?.string?.contains("60") == true, "\(rows)")
            let long = Array(repeating: "rome", count: 1000).joined(separator: " ")
            let tokens = try await server.post("/v1/answer", request("who?", long), expecting: 422)
            #expect(tokens["error"]?["message"]?.string?.contains("1000") == true, "\(tokens)")
            // Pairs count together.
            let pair = "{\"question\": \"who?\", \"context\": \"\(text)\"}"
            let pairs = Array(repeating: pair, count: 8).joined(separator: ", ")
            _ = try await server.post("/v1/answers", "{\"pairs\": [\(pairs)]}", expecting: 422)
            _ = try await server.post("/v1/answers", "{\"pairs\": [\(pair)]}")
        }
    }

    @Test("bodies that are waiting have a limit together; one alone always fits")
    func waitingBytes() async throws {
        try await LocalServer.run({ options, _ in options.limits.waitingBytes = 20_000 }) { server in
            try await server.ready()
            let text = Array(repeating: APITests.text, count: 900).joined(separator: " ")
            let body = request("who lives in rome?", text)
            #expect(try await server.send(.POST, "/v1/answer", body).status == 200)
            let statuses = try await withThrowingTaskGroup(of: Int.self, returning: [Int].self) { group in
                for _ in 0..<16 {
                    group.addTask { try await server.send(.POST, "/v1/answer", body).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses).isSubset(of: [200, 429]) && statuses.contains(429), "\(statuses)")
            #expect(try await server.send(.POST, "/v1/answer", body).status == 200)
            #expect(try await server.send(.GET, "/metrics").text.contains("bertqa_request_bytes 0"))
        }
    }

    @Test("a response that its client does not take keeps its share of the memory until the client is gone")
    func unreadResponses() async throws {
        try await LocalServer.run({ options, _ in
            options.limits.payloadBytes = 20_000_000
            options.limits.responseBytes = 40_000_000
            options.limits.waitingBytes = 30_000_000
        }) { server in
            try await server.ready()
            let text = String(repeating: "x", count: 12_000_000)
            #expect(try await server.send(.PUT, "/v1/documents/a", "{\"text\": \"\(text)\"}").status == 201)
            // It never reads what it asks for.
            let client = try SocketClient(port: server.port, room: 4096)
            #expect(client.send("GET /v1/documents/a HTTP/1.1\r\nhost: localhost\r\n\r\n"))
            try await server.wait { $0.contains("bertqa_request_bytes 36") }
            let refused = try await server.send(.GET, "/v1/documents/a")
            #expect(refused.status == 429 && refused.headers.first(name: "retry-after") == "1")
            client.disconnect()
            try await server.wait { $0.contains("bertqa_request_bytes 0") }
            #expect(try await server.send(.GET, "/v1/documents/a").status == 200)
        }
    }

    @Test("a response over the limit is refused before it is sent")
    func responseBytes() async throws {
        try await LocalServer.run({ options, _ in options.limits.responseBytes = 10_000 }) { server in
            try await server.ready()
            // A control character takes six bytes in JSON.
            let text = "rome " + String(repeating: "\u{1}", count: 3000)
            let body = "{\"text\": \(JSONValue.string(text).serialized())}"
            #expect(try await server.send(.PUT, "/v1/documents/a", body).status == 201)
            let reply = try await server.send(.GET, "/v1/documents/a")
            #expect(reply.status == 422 && reply.text.contains("10000"), "\(reply.text)")
        }
    }

    @Test("many answers from a text of few, endless words are no more than the text")
    func amplification() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let words = (0..<40).map { String(repeating: "\($0 % 10)z", count: 2000) }
            let text = words.joined(separator: " ")
            _ = try await server.send(.PUT, "/v1/documents/a", "{\"text\": \"\(text)\"}")
            let reply = try await server.send(
                .POST, "/v1/documents/a/answer",
                "{\"question\": \"who?\", \"top_k\": 100, \"max_answer_length\": 512, \"allow_no_answer\": false}")
            #expect(reply.status == 200)
            #expect(reply.body.count < text.utf8.count + 20_000, "\(reply.body.count) bytes for \(text.utf8.count)")
        }
    }

    @Test("the cache of texts counts bytes and drops what is replaced or deleted")
    func textCache() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let word = String(repeating: "x", count: 400_000)
            for number in 0..<20 {
                let reply = try await server.send(.PUT, "/v1/documents/a", "{\"text\": \"\(word)\(number)\"}")
                #expect(reply.status == (number == 0 ? 201 : 200))
            }
            let kept = try await server.metric("bertqa_text_cache_bytes")
            #expect((400_000...900_000).contains(kept), "\(kept)")
            #expect(try await server.send(.DELETE, "/v1/documents/a").status == 204)
            #expect(try await server.metric("bertqa_text_cache_bytes") == 0)
        }
    }
}

extension LocalServer {
    /// Waits until `/metrics` is as expected.
    func wait(for metrics: (String) -> Bool) async throws {
        var text = ""
        for _ in 0..<1200 {
            text = try await send(.GET, "/metrics").text
            if metrics(text) { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("the metrics were never as expected: \(text)")
    }

    /// The value of a metric without labels.
    func metric(_ name: String) async throws -> Int {
        let lines = try await send(.GET, "/metrics").text.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(name + " ") }, "there is no \(name)")
        return try #require(Int(line.dropFirst(name.count + 1)))
    }
}
