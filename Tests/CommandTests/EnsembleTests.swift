import FineTuning
import Foundation
import QuestionAnswering
import StrictJSON
import Testing
import Tokenizers
import Workshop

@Suite("Several models that answer together")
struct EnsembleCommandTests {
    /// Two runs with other seeds, and the arguments that name them.
    private func trained(_ shop: Workshop) throws -> [String] {
        try [1, 2].flatMap { seed in
            var options = shop.options("run\(seed)")
            (options.seed, options.epochs, options.learningRate) = (UInt64(seed), 8, 3e-3)
            _ = try Trainer.train(options)
            return ["--model", options.outputDirectory]
        }
    }

    @Test("predict, evaluate and compare take several models; a stopped prediction knows all of them")
    func commands() throws {
        try withWorkshop { shop in
            let models = try trained(shop)
            let data = ["--data", "\(shop.path)/train.json", "--max-length", "32", "--precision", "fp32"]
            let answers = "\(shop.path)/answers.json"
            #expect(try Tool.run(["predict"] + models + data + ["--output", answers]).status == 0)
            let score = try Tool.run(["score", "--data", data[1], "--predictions", answers, "--json"]).json()
            let evaluated = try Tool.run(["evaluate"] + models + data + ["--json"]).json()
            #expect(evaluated["f1"]?.double == score["f1"]?.double)
            let compared = try Tool.run(["compare"] + models + data + ["--ensemble", "--json"]).json()
            let entries = try #require(compared["models"]?.array)
            #expect(entries.count == 3)
            #expect(entries[2]["f1"]?.double == score["f1"]?.double)
            #expect(entries[2]["parameters"]?.int == (entries[0]["parameters"]?.int).map { 2 * $0 })
            #expect(entries[2]["model"]?.string == "\(models[1]) + \(models[3])")
            try Tool.run(["compare", "--model", models[1], "--ensemble"] + data).expectFailure(64, "--ensemble")
            try Tool.run(["evaluate"] + models + data + ["--store-threshold"]).expectFailure(64, "one --model")
        }
    }

    @Test("a reader of several models gives the mean of their probabilities")
    func reader() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let models = try trained(shop)
        var options = ReaderOptions()
        options.precision = .fp32
        let readers = [
            try await Reader.load(models[1], options: options), try await Reader.load(models[3], options: options),
            try await Reader.load(models[1], with: [models[3]], options: options),
        ]
        // Of two tokens the spans are 0...0, 0...1 and 1...1, and each model's shares of start and end sum to 1: what
        // starts at 0 and what ends at 1 can be told from the scores.
        var shares: [(start: Double, end: Double)] = []
        for reader in readers {
            let found = try await reader.answers("where does ada live?", in: "ada lives", count: 3)
            #expect(found.count == 3)
            shares.append(
                (
                    found.filter { $0.range.lowerBound == 0 }.reduce(0) { $0 + $1.score },
                    found.filter { $0.range.upperBound == 9 }.reduce(0) { $0 + $1.score }
                ))
        }
        #expect(abs(shares[0].start - shares[1].start) > 1e-4)
        #expect(abs(shares[2].start - (shares[0].start + shares[1].start) / 2) < 1e-5)
        #expect(abs(shares[2].end - (shares[0].end + shares[1].end) / 2) < 1e-5)
    }

    @Test("a server of several models answers as ask does with them, and not as either alone")
    func server() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let models = ["--model", "\(shop.path)/model"] + (try trained(shop)).suffix(2)
        let (question, text) = ("where does ada live?", "ada lives in rome")
        let server = try ServingTool(shop, Array(models.suffix(2)) + ["--database", "none", "--precision", "fp32"])
        let served = try await ThreadedClient.run(server.address) { client in
            let body = "{\"question\": \"\(question)\", \"context\": \"\(text)\"}"
            let response = try client.post("/v1/answer", body, times: 1)[0].wait()
            return try JSONValue.parse(Array(try #require(response.body).readableBytesView))
        }
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
        func score(_ models: [String]) throws -> Double {
            let asked = ["--question", question, "--context", text, "--precision", "fp32", "--max-length", "48"]
            return try #require(try Tool.run(["ask"] + models + asked + ["--json"]).json()["score"]?.double)
        }
        let found = try #require(served["answers"]?.array?.first?["score"]?.double)
        #expect(abs(found - (try score(models))) < 1e-6)
        for one in [models.prefix(2), models.suffix(2)] { #expect(abs(found - (try score(Array(one)))) > 1e-6) }
    }

    @Test("models with different tokenizers are refused by name, with the first token that differs")
    func otherTokenizer() throws {
        try withWorkshop { shop in
            let models = try trained(shop)
            let other = "\(shop.path)/other"
            try FileManager.default.copyItem(atPath: models[1], toPath: other)
            let vocabulary = shop.tokenizer.vocabulary
            var pieces = (0..<Int32(vocabulary.count)).compactMap { vocabulary[$0] }
            pieces.swapAt(pieces.count - 1, pieces.count - 2)
            try Tokenizer(vocabulary: Vocabulary(pieces)).save(to: other)
            for command in ["predict", "evaluate", "compare"] {
                let arguments =
                    [command, "--data", "\(shop.path)/train.json", "--model", models[1], "--model", other]
                    + (command == "predict" ? ["--output", "\(shop.path)/x.json"] : [])
                    + (command == "compare" ? ["--ensemble"] : [])
                try Tool.run(arguments).expectFailure(65, "different tokenizers", "the token \(pieces.count - 2)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/x.json"))
        }
    }
}
