import AsyncHTTPClient
import Foundation
import LocalHub
import NIOCore
import StrictJSON
import Testing

private func object(_ members: [(String, JSONValue)]) -> JSONValue { .object(JSONObject(members)) }

/// Tiny repositories with the files that real ones on the hub have, from a hub on loopback: by
/// `Tools/make_hub_fixtures.py`, which also says what transformers makes of them.
@Suite("Models of each family from the hub", .serialized)
struct HubFamilyTests {
    private static let families = ["distilbert", "electra", "roberta", "xlm-roberta", "camembert"]

    /// A repository on a hub, a folder to work in, and what transformers answers.
    private final class World {
        let hub: LocalHub
        let folder: String
        let questions: [(question: String, context: String)]
        let expected: [(ids: [Int], answer: String)]
        let shell: String

        init(_ family: String) throws {
            let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/hub")
            let record = try JSONValue.parse(
                Array(Data(contentsOf: fixtures.appendingPathComponent("expected.json"))))
            questions = try #require(record["questions"]?.array).map { row in
                (try #require(row["question"]?.string), try #require(row["context"]?.string))
            }
            expected = try #require(record["families"]?[family]?.array).map { row in
                (try #require(row["ids"]?.array).compactMap(\.int), try #require(row["answer"]?.string))
            }
            hub = try LocalHub()
            let repository = fixtures.appendingPathComponent(family)
            for name in try FileManager.default.contentsOfDirectory(atPath: repository.path) {
                let data = try Data(contentsOf: repository.appendingPathComponent(name))
                hub.state.withLock { $0.files[name] = data }
            }
            hub.state.withLock {
                $0.repository = "owner/\(family)"
                $0.stored = ["model.safetensors", "pytorch_model.bin"]
            }
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            shell = "cd \(folder); export HF_ENDPOINT=\(hub.endpoint) HF_HUB_CACHE=\(folder)/cache"
            try Data(dataset.serialized(pretty: false, sortedKeys: false).utf8).write(
                to: URL(fileURLWithPath: "\(folder)/data.json"))
        }

        /// The questions with transformers' answers as the right ones.
        private var dataset: JSONValue {
            let paragraphs = zip(questions, expected).enumerated().map { index, pair -> JSONValue in
                let (question, context) = pair.0
                let range = context.range(of: pair.1.answer)
                let start = range.map { context.unicodeScalars.distance(from: context.startIndex, to: $0.lowerBound) }
                let answer = object([("text", .string(pair.1.answer)), ("answer_start", .int(start ?? -1))])
                let row = object([
                    ("id", .string("\(index)")), ("question", .string(question)), ("answers", .array([answer])),
                ])
                return object([("context", .string(context)), ("qas", .array([row]))])
            }
            return object([
                ("version", .string("1.1")),
                ("data", .array([object([("title", .string("")), ("paragraphs", .array(paragraphs))])])),
            ])
        }

        /// A JSON file in the folder.
        func json(_ name: String) throws -> JSONValue {
            try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))))
        }

        func run(_ arguments: String..., input: String = "") throws -> Tool.Output {
            let output = try Tool.run(arguments, input: input, shell: shell)
            #expect(output.status == 0, "\(arguments): \(output.err)")
            return output
        }

        deinit {
            hub.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    @Test("are fetched, and read and answer as transformers does", arguments: families)
    func answers(family: String) throws {
        let world = try World(family)
        _ = try world.run("download", "owner/\(family)", "--allow-pickle")
        let lines = world.questions.map { pair in
            object([("question", .string(pair.question)), ("context", .string(pair.context))])
                .serialized(pretty: false, sortedKeys: false)
        }
        let rows = try world.run(
            "tokenize", "--model", "owner/\(family)", input: lines.joined(separator: "\n") + "\n"
        ).out.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8))["ids"]?.array?.compactMap(\.int) }
        #expect(rows == world.expected.map(\.ids))
        _ = try world.run(
            "predict", "--model", "owner/\(family)", "--data", "data.json", "--output", "answers.json", "--precision",
            "fp32")
        let answers = try world.json("answers.json")
        for (index, row) in world.expected.enumerated() {
            #expect(answers["\(index)"]?.string == row.answer, "\(world.questions[index].question)")
        }
        let scores = try world.run(
            "evaluate", "--model", "owner/\(family)", "--data", "data.json", "--precision", "fp32", "--json")
        #expect(try scores.json()["exact_match"]?.double == 100)
    }

    @Test("train, are saved in their own form, and are served", arguments: families)
    func training(family: String) async throws {
        let world = try World(family)
        let train = try world.run(
            "train", "--model", "owner/\(family)", "--allow-pickle", "--train-file", "data.json", "--validation-file",
            "data.json", "--epochs", "20", "--max-steps", "20", "--batch-size", "3", "--precision", "fp32",
            "--output-dir", "run", "--json")
        #expect(try train.json()["steps"]?.int == 20)
        let config = try world.json("run/config.json")
        #expect(config["model_type"]?.string == family)
        let ask = try world.run(
            "ask", "--model", "run", "--question", world.questions[0].question, "--context",
            world.questions[0].context, "--precision", "fp32", "--json")
        let answer = try #require(ask.json()["answer"]?.string)
        let server = try Tool.start(
            ["serve", "--model", "run", "--port", "0", "--precision", "fp32", "--database", "none"], shell: world.shell)
        server.wait { $0.contains("\"ready\"") && $0.contains("\"url\"") }
        let line = try #require(server.said.split(separator: "\n").first { $0.contains("\"url\"") }, "\(server.said)")
        let url = try #require(JSONValue.parse(Array(line.utf8))["url"]?.string)
        let body = object([
            ("question", .string(world.questions[0].question)), ("context", .string(world.questions[0].context)),
        ])
        var request = HTTPClientRequest(url: "\(url)v1/answer")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: body.serialized(pretty: false, sortedKeys: false)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        #expect(response.status == .ok && text.contains(answer), "\(text)")
        server.send(SIGTERM)
        #expect(try server.finish().status == 0)
    }
}
