import Foundation
import NIOHTTP1
import QuestionAnswering
import StrictJSON
import Testing

@Suite("The API")
struct APITests {
    static let text = "ada lives in the town of rome."

    @Test("an answer has its text, score and place in Unicode scalars, UTF-8 or UTF-16")
    func offsets() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let context = "🗼👩‍👩‍👧 né: bob lives in the town of oslo. 塔は מגדל."
            for unit in ["unicode", "utf8", "utf16"] {
                let body = request("who lives in oslo?", context, more: ", \"top_k\": 5, \"offsets\": \"\(unit)\"")
                let answers = try #require(try await server.post("/v1/answer", body)["answers"]?.array)
                #expect((1...5).contains(answers.count))
                for answer in answers {
                    let start = try #require(answer["start"]?.int)
                    let end = try #require(answer["end"]?.int)
                    let found: String
                    switch unit {
                    case "utf8": found = String(decoding: Array(context.utf8)[start..<end], as: UTF8.self)
                    case "utf16": found = String(decoding: Array(context.utf16)[start..<end], as: UTF16.self)
                    default:
                        found = String(String.UnicodeScalarView(Array(context.unicodeScalars)[start..<end]))
                    }
                    #expect(found == answer["text"]?.string, "\(unit)")
                    #expect((0...1).contains(try #require(answer["score"]?.double)))
                }
            }
        }
    }

    @Test("many questions at once are answered as a reader answers each alone")
    func sameAsReader() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            var options = ReaderOptions()
            (options.maxLength, options.precision, options.device) = (48, .fp32, .cpu)
            let reader = try await Reader.load("\(server.shop.path)/model", options: options)
            let questions = ["who lives in rome?", "where does ada live?", "who?", "where is the town of ada?"]
            // Some fit into one window, some are read in many.
            let texts = (0..<12).map { Array(repeating: Self.text, count: 1 + 3 * ($0 % 5)).joined(separator: " ") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, text) in texts.enumerated() {
                    let question = questions[index % questions.count]
                    group.addTask {
                        let answers = try await server.post(
                            "/v1/answer", request(question, text, more: ", \"top_k\": 3"))
                        try expectEqual(answers, try await distinctAnswers(reader, question, text, count: 3))
                    }
                }
                try await group.waitForAll()
            }
            let pairs = texts.map { "{\"question\": \"who lives in rome?\", \"context\": \"\($0)\"}" }
            let results = try await server.post("/v1/answers", "{\"pairs\": [\(pairs.joined(separator: ", "))]}")
            for (result, text) in zip(try #require(results["results"]?.array), texts) {
                try expectEqual(result, try await reader.answers("who lives in rome?", in: text, count: 1))
            }
        }
    }

    @Test("texts that differ only in Unicode normalisation keep their own offsets")
    func normalisation() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let texts = ["\u{E9} ada lives in the town of rome.", "e\u{301} ada lives in the town of rome."]
            let pairs = texts.map { "{\"question\": \"who lives in rome?\", \"context\": \"\($0)\"}" }
            let results = try await server.post("/v1/answers", "{\"pairs\": [\(pairs.joined(separator: ", "))]}")
            for (result, text) in zip(try #require(results["results"]?.array), texts) {
                let answer = try #require(result["answers"]?.array?.first)
                let range = try #require(answer["start"]?.int)..<(try #require(answer["end"]?.int))
                let words = String(String.UnicodeScalarView(Array(text.unicodeScalars)[range]))
                #expect(words == answer["text"]?.string)
            }
        }
    }

    @Test("Hugging Face's form answers an object, or a list when several answers are asked for")
    func huggingFace() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let inputs = "\"inputs\": {\"question\": \"who lives in rome?\", \"context\": \"\(Self.text)\"}"
            let one = try await server.post("/", "{\(inputs)}")
            #expect(one.object?.map(\.key) == ["score", "start", "end", "answer"])
            let answer = try #require(one["answer"]?.string)
            let scalars = Array(Self.text.unicodeScalars)[
                try #require(one["start"]?.int)..<(try #require(one["end"]?.int))]
            #expect(String(String.UnicodeScalarView(scalars)) == answer)
            let more = ", \"parameters\": {\"top_k\": 3, \"max_answer_len\": 2, \"doc_stride\": 4, \"max_seq_len\": 24}"
            let several = try await server.post("/", "{\(inputs)\(more)}")
            #expect(several.array?.count == 3)
            let wrong = try await server.post("/", "{\(inputs), \"parameters\": {\"topk\": 3}}", expecting: 422)
            #expect(wrong["error"]?["field"]?.string == "parameters.topk")
            let long = try await server.post(
                "/", "{\(inputs), \"parameters\": {\"max_seq_len\": 4096}}", expecting: 422)
            #expect(long["error"]?["message"]?.string?.contains("positions") == true)
        }
    }

    @Test("a list of inputs in Hugging Face's form is answered by a list")
    func huggingFaceLists() async throws {
        try await SharedServer.use { server in
            let inputs = ["rome", "oslo", "lima"].map {
                "{\"question\": \"who lives in \($0)?\", \"context\": \"bob lives in the town of \($0).\"}"
            }
            let one = try await server.post("/", "{\"inputs\": [\(inputs.joined(separator: ", "))]}")
            #expect(one.array?.count == 3)
            for (answer, input) in zip(try #require(one.array), inputs) {
                let alone = try await server.post("/", "{\"inputs\": \(input)}")
                #expect(answer["answer"] == alone["answer"] && answer["start"] == alone["start"])
            }
            let several = try await server.post(
                "/", "{\"inputs\": [\(inputs[0])], \"parameters\": {\"top_k\": 2, \"max_answer_len\": 2}}")
            #expect(several.array?.first?.array?.count == 2)
            let bad = try await server.post(
                "/", "{\"inputs\": [\(inputs[0]), {\"question\": \"who?\"}]}", expecting: 422)
            #expect(bad["error"]?["field"]?.string == "inputs[1].context")
            _ = try await server.post("/", "{\"inputs\": []}", expecting: 400)
            let many = Array(repeating: inputs[0], count: 33).joined(separator: ",")
            _ = try await server.post("/", "{\"inputs\": [\(many)]}", expecting: 422)
        }
    }

    @Test("several answers are different places, also once they are widened to words")
    func distinctPlaces() async throws {
        try await SharedServer.use { server in
            let context = "bob-lives in therome townofoslo, and ada livesin theplace of lima since longago."
            func check(_ answers: [JSONValue]) throws {
                let ranges = try answers.map { try #require($0["start"]?.int)..<(try #require($0["end"]?.int)) }
                #expect(ranges.count > 1)
                for (index, range) in ranges.enumerated() {
                    #expect(!ranges[..<index].contains { $0.overlaps(range) }, "\(ranges)")
                }
                let scores = try answers.map { try #require($0["score"]?.double) }
                #expect(scores == scores.sorted(by: >))
            }
            let body = request("who lives in oslo?", context, more: ", \"top_k\": 10, \"max_answer_length\": 4")
            try check(try #require(try await server.post("/v1/answer", body)["answers"]?.array))
            let inputs = "\"inputs\": {\"question\": \"who lives in oslo?\", \"context\": \"\(context)\"}"
            let parameters = "\"parameters\": {\"top_k\": 10, \"max_answer_len\": 4}"
            try check(try #require(try await server.post("/", "{\(inputs), \(parameters)}").array))
        }
    }

    @Test(
        "what is wrong with a request is said, with the field and a status of its own",
        arguments: [
            ("", 400, nil), (" ", 422, nil), ("[]", 422, nil), ("{\"question\": \"a\"", 422, nil),
            ("{\"question\": \"who?\", \"context\": \" \\u0000\"}", 400, "context"),
            ("{\"question\": \"\\u200b\", \"context\": \"rome\"}", 400, "question"),
            ("{\"context\": \"rome\"}", 422, "question"), ("{\"question\": 1, \"context\": \"rome\"}", 422, "question"),
            ("{\"question\": \"who?\", \"context\": [\"rome\"]}", 422, "context"),
            ("{\"question\": \"who?\", \"contxt\": \"rome\"}", 422, "contxt"),
            ("{\"question\": \"who?\", \"context\": \"rome\", \"top_k\": 0}", 422, "top_k"),
            ("{\"question\": \"who?\", \"context\": \"rome\", \"top_k\": 1.5}", 422, "top_k"),
            ("{\"question\": \"who?\", \"context\": \"rome\", \"max_answer_length\": 1e9}", 422, "max_answer_length"),
            ("{\"question\": \"who?\", \"context\": \"rome\", \"allow_no_answer\": 1}", 422, "allow_no_answer"),
            ("{\"question\": \"who?\", \"context\": \"rome\", \"offsets\": \"utf32\"}", 422, "offsets"),
            ("{\"question\": \"who?\", \"question\": \"who?\", \"context\": \"rome\"}", 422, nil),
            ("{\"question\": \"\\ud800\", \"context\": \"rome\"}", 422, nil),
            ("{\"question\": \"\(String(repeating: "who ", count: 60))\", \"context\": \"rome\"}", 422, "question"),
        ] as [(String, Int, String?)])
    func badRequests(body: String, status: Int, field: String?) async throws {
        try await SharedServer.use { server in
            let reply = try await server.send(.POST, "/v1/answer", body)
            #expect(reply.status == status, "\(reply.text)")
            let error = try #require(try reply.json()["error"])
            #expect(error["field"]?.string == field)
            #expect(error["type"]?.string == (status == 400 ? "empty" : "invalid"))
            #expect(error["message"]?.string?.isEmpty == false)
            #expect(try reply.json()["request_id"]?.string == reply.headers.first(name: "x-request-id"))
        }
    }

    @Test("lists of pairs name the pair that is wrong, and have a limit")
    func pairs() async throws {
        try await SharedServer.use { server in
            let good = "{\"question\": \"who?\", \"context\": \"rome\"}"
            let bad = try await server.post(
                "/v1/answers", "{\"pairs\": [\(good), {\"question\": \" \", \"context\": \"rome\"}]}", expecting: 400)
            #expect(bad["error"]?["field"]?.string == "pairs[1].question")
            _ = try await server.post("/v1/answers", "{\"pairs\": []}", expecting: 400)
            let many = Array(repeating: good, count: 33).joined(separator: ",")
            let error = try await server.post("/v1/answers", "{\"pairs\": [\(many)]}", expecting: 422)
            #expect(error["error"]?["field"]?.string == "pairs")
        }
    }

    @Test("unknown paths are 404, other methods 405 with those there are, and HEAD works")
    func paths() async throws {
        try await SharedServer.use { server in
            #expect(try await server.send(.GET, "/v2/answer").status == 404)
            let reply = try await server.send(.GET, "/v1/answer")
            #expect(reply.status == 405)
            #expect(reply.headers.first(name: "allow") == "POST")
            let head = try await server.send(.HEAD, "/health")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("a sane request id comes back, another is replaced")
    func requestIDs() async throws {
        try await SharedServer.use { server in
            let sane = try await server.send(.GET, "/health", headers: [("x-request-id", "abc-1:2.3_Z")])
            #expect(sane.headers.first(name: "x-request-id") == "abc-1:2.3_Z")
            for bad in ["a b", "\"", String(repeating: "a", count: 129)] {
                let reply = try await server.send(.GET, "/health", headers: [("x-request-id", bad)])
                #expect(reply.headers.first(name: "x-request-id") != bad)
                #expect(reply.headers.first(name: "x-request-id")?.utf8.count == 16)
            }
            #expect(server.log.lines.contains { $0.contains("abc-1:2.3_Z") })
            #expect(server.log.lines.allSatisfy { (try? JSONValue.parse(Array($0.utf8))) != nil })
        }
    }

    @Test("the page allows its own script and style and nothing else; metrics count what was done")
    func pageAndMetrics() async throws {
        try await SharedServer.use { server in
            let page = try await server.send(.GET, "/")
            #expect(page.status == 200)
            let policy = try #require(page.headers.first(name: "content-security-policy"))
            #expect(policy.contains("default-src 'none'"))
            #expect(policy.components(separatedBy: "sha256-").count == 3)
            #expect(!policy.contains("unsafe"))
            for outside in ["http://", "https://", "src=", "@import", "url("] {
                #expect(!page.text.contains(outside), "the page asks for something outside: \(outside)")
            }
            _ = try await server.post("/v1/answer", request("who lives in rome?", Self.text))
            let metrics = try await server.send(.GET, "/metrics").text
            #expect(metrics.contains("bertqa_requests_total{route=\"POST /v1/answer\",status=\"200\"}"))
            #expect(metrics.contains("bertqa_batch_tokens_bucket{le=\"+Inf\"}"))
            #expect(metrics.contains("bertqa_info{version=\"1.2.3\",model=\"tiny\"} 1"))
        }
    }
}

/// A body for `/v1/answer`.
func request(_ question: String, _ context: String, more: String = "") -> String {
    let (question, context) = (JSONValue.string(question).serialized(), JSONValue.string(context).serialized())
    return "{\"question\": \(question), \"context\": \(context)\(more)}"
}

/// A reader's answers, of those that overlap the best.
func distinctAnswers(_ reader: Reader, _ question: String, _ text: String, count: Int) async throws -> [Answer] {
    var options = AnswerOptions()
    (options.count, options.distinctPlaces) = (count, true)
    let prepared = try reader.prepare(question, about: reader.prepare(text), options: options)
    return try await reader.answers([prepared])[0]
}

/// Expects a response to say what a reader said: the same places, scores but for rounding.
func expectEqual(
    _ response: JSONValue, _ expected: [Answer], sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let answers = try #require(response["answers"]?.array, sourceLocation: sourceLocation)
    #expect(answers.count == expected.count, sourceLocation: sourceLocation)
    for (answer, other) in zip(answers, expected) {
        #expect(answer["text"]?.string == other.text, sourceLocation: sourceLocation)
        #expect(answer["start"]?.int == other.range.lowerBound, sourceLocation: sourceLocation)
        let score = try #require(answer["score"]?.double, sourceLocation: sourceLocation)
        #expect(abs(score - other.score) <= 1e-5 * max(score, other.score), sourceLocation: sourceLocation)
    }
}

/// One server for the tests that change nothing in it; it lives as long as the process.
enum SharedServer {
    private static let server = Task {
        let (servers, continuation) = AsyncStream<LocalServer>.makeStream()
        Task {
            do {
                try await LocalServer.run { server in
                    try await server.ready()
                    continuation.yield(server)
                    try await Task.sleep(for: .seconds(3600))
                }
            } catch {
                continuation.finish()
            }
        }
        return await servers.first { _ in true }
    }

    static func use(_ body: (LocalServer) async throws -> Void) async throws {
        try await body(try #require(await server.value, "the shared server did not start"))
    }
}
