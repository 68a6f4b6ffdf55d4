import AsyncHTTPClient
import Foundation
import NIOCore
import StrictJSON
import Testing
import Workshop

/// Files that older versions have left, from Tools/keep_old_files.py.
@Suite("What older versions left")
struct OldFilesTests {
    private static let versions = ["0.1.0"]

    /// Runs `body` with the current folder, a copy of what a version has left.
    private func withFiles(of version: String, _ body: (_ folder: String) throws -> Void) throws {
        let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(version)").path
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        try FileManager.default.copyItem(atPath: fixtures, toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("a run is resumed from its checkpoint, and ends", arguments: versions)
    func run(version: String) throws {
        try withFiles(of: version) { folder in
            let arguments = [
                "train", "--model", "model", "--train-file", "train.json", "--validation-fraction", "0", "--output-dir",
                "run",
                "--max-length", "32", "--batch-size", "4", "--epochs", "40", "--save-steps", "6", "--keep-checkpoints",
                "1",
                "--learning-rate", "1e-3", "--precision", "fp32", "--threads", "1", "--resume", "--json",
            ]
            let before = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/run/checkpoints")
            let output = try Tool.run(arguments, shell: "cd '\(folder)'")
            #expect(output.status == 0, "\(output.err)")
            let step = try #require(before.first).drop { $0 != "-" }.dropFirst().drop { $0 == "0" }
            #expect(output.err.contains("going on after step \(step) of 120"), "\(output.err)")
            #expect(try output.json()["steps"]?.int == 120)
            // What it ends with is what a run ends with that was never stopped, but for the arithmetic of another
            // version.
            let anew = try Tool.run(
                arguments.filter { $0 != "--resume" }.map { $0 == "run" ? "anew" : $0 }, shell: "cd '\(folder)'")
            #expect(anew.status == 0, "\(anew.err)")
            let scores = try ["run", "anew"].map { model in
                try Tool.run(
                    ["evaluate", "--model", model, "--data", "train.json", "--json", "--max-length", "32"],
                    shell: "cd '\(folder)'"
                ).json()["f1"]?.double
            }
            #expect(scores[0] != nil && scores[0] == scores[1])
        }
    }

    @Test("a prediction goes on behind its last answer", arguments: versions)
    func prediction(version: String) throws {
        try withFiles(of: version) { folder in
            try Self.questions.write(toFile: "\(folder)/long.json", atomically: true, encoding: .utf8)
            let predict = [
                "predict", "--model", "model", "--data", "long.json", "--max-length", "32", "--precision", "fp32",
                "--threads",
                "1", "--output",
            ]
            try Tool.run(predict + ["answers.json"], shell: "cd '\(folder)'").expectFailure(74, "holds 200 answers")
            let output = try Tool.run(predict + ["answers.json", "--resume"], shell: "cd '\(folder)'")
            #expect(output.status == 0, "\(output.err)")
            #expect(try Tool.run(predict + ["anew.json"], shell: "cd '\(folder)'").status == 0)
            let both = ["answers.json", "anew.json"].map { FileManager.default.contents(atPath: "\(folder)/\($0)") }
            #expect(both[0] != nil && both[0] == both[1])
        }
    }

    /// The dataset of Tools/keep_old_files.py, byte for byte.
    private static var questions: String {
        let names = ["ada", "bob", "cleo", "dan", "eve", "finn"]
        let places = ["rome", "oslo", "lima", "cairo", "paris", "delhi"]
        let paragraphs = (0..<300).flatMap { copy in
            zip(names, places).map { name, place in
                let context = "\(name) lives in the town of \(place)."
                let start = context.utf8.count - place.utf8.count - 1
                let whereabouts =
                    #"{"id": "\#(name)-\#(copy)-where", "question": "where does \#(name) live?", "answers": "#
                let who = #"{"id": "\#(name)-\#(copy)-who", "question": "who lives in \#(place)?", "answers": "#
                return #"{"context": "\#(context)", "qas": ["# + whereabouts
                    + #"[{"text": "\#(place)", "answer_start": \#(start)}]}, "# + who
                    + #"[{"text": "\#(name)", "answer_start": 0}]}]}"#
            }
        }
        return
            #"{"version": "1.1", "data": [{"title": "towns", "paragraphs": [\#(paragraphs.joined(separator: ", "))]}]}"#
            + "\n"
    }

    @Test("a database of documents is opened, with all its documents, and its passages are found", arguments: versions)
    func documents(version: String) async throws {
        let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/\(version)").path
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let database = "\(shop.path)/documents.sqlite"
        try FileManager.default.copyItem(atPath: "\(fixtures)/documents.sqlite", toPath: database)
        let server = try ServingTool(shop, ["--database", database])
        func get(_ path: String) async throws -> JSONValue {
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: "\(server.address)\(path)"), timeout: .seconds(60))
            return try JSONValue.parse(Array(try await response.body.collect(upTo: 1 << 20).readableBytesView))
        }
        let list = try await get("/v1/documents")["documents"]?.array?.compactMap { $0["id"]?.string }
        #expect(list == ["ada", "bob", "cleo", "dan", "eve"])
        let bob = try await get("/v1/documents/bob")
        #expect(bob["text"]?.string == "bob lives in the town of oslo.")
        #expect(bob["title"] == .null && bob["metadata"]?.object?.isEmpty == true)
        #expect(try await get("/v1/documents?filter=%7B%22a%22:1%7D")["documents"]?.array == [])
        var question = HTTPClientRequest(url: "\(server.address)/v1/answer")
        question.method = .POST
        question.headers.add(name: "content-type", value: "application/json")
        question.body = .bytes(ByteBuffer(string: #"{"question": "who lived in oslo?"}"#))
        let response = try await HTTPClient.shared.execute(question, timeout: .seconds(60))
        let answers = try JSONValue.parse(Array(try await response.body.collect(upTo: 1 << 20).readableBytesView))
        #expect(answers["answers"]?.array?.first?["document"]?.string != nil, "\(answers)")
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
    }
}
