import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Questions to all paragraphs of a file")
struct OpenEvaluationTests {
    private func train(_ shop: Workshop) throws {
        let output = try Tool.run([
            "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--output-dir",
            "\(shop.path)/run", "--max-length", "32", "--batch-size", "4", "--epochs", "60", "--learning-rate", "3e-3",
            "--validation-fraction", "0", "--threads", "1",
        ])
        #expect(output.status == 0, "\(output.err)")
    }

    @Test("evaluate --open says how often the passage is found, what answers score, and what they would when told")
    func evaluate() throws {
        try withWorkshop { shop in
            try train(shop)
            let command = ["evaluate", "--model", "\(shop.path)/run", "--data", "\(shop.path)/train.json", "--open"]
            let plain = try Tool.run(command + ["--json"])
            #expect(plain.status == 0, "\(plain.err)")
            let result = try plain.json()
            // Every question names a person or a place that one of the six paragraphs has.
            #expect(result["recall_at_1"]?.double == 100 && result["recall_at_10"]?.double == 100)
            #expect(result["total"]?.int == 12 && result["passages"]?.int == 6)
            for key in ["exact_match", "f1", "told_f1", "right_passage", "questions_per_second"] {
                #expect(try #require(result[key]?.double) > 0, "\(key)")
            }
            #expect(result["passage_ranking"]?["bm25"]?.double != nil)
            let vectors = try Tool.run(
                command + ["--embedder", "\(shop.path)/model", "--sample", "5", "--passages", "2", "--json"])
            #expect(vectors.status == 0, "\(vectors.err)")
            #expect(try vectors.json()["total"]?.int == 5)
            let text = try Tool.run(command)
            #expect(text.out.contains("told the passage") && text.out.contains("first passage"))
        }
    }

    @Test("--learn-ranking stores weights in the model's folder, which later answers use; bad ones are refused")
    func learn() throws {
        try withWorkshop { shop in
            try train(shop)
            let config = "\(shop.path)/run/config.json"
            let before = try JSONValue.parse(shop.bytes("run/config.json"))
            let command = ["evaluate", "--model", "\(shop.path)/run", "--data", "\(shop.path)/train.json", "--open"]
            let learned = try Tool.run(command + ["--learn-ranking", "--json"])
            let after = try JSONValue.parse(shop.bytes("run/config.json"))
            if learned.status == 0 {
                #expect(learned.err.contains("passage_ranking"))
                let weights = try #require(after["passage_ranking"]?["bm25"]?.double)
                let output = try Tool.run(command + ["--json"])
                #expect(try output.json()["passage_ranking"]?["bm25"]?.double == weights)
            } else {
                // Twelve questions may teach nothing; then nothing is written.
                #expect(learned.status == 65 && after == before, "\(learned.err)")
            }
            var text = try String(contentsOfFile: config, encoding: .utf8)
            text = text.replacingOccurrences(of: "\"passage_ranking\"", with: "\"ignored\"")
            text = text.replacingOccurrences(
                of: "{\n  \"arch", with: "{\n  \"passage_ranking\": {\"bm25\": \"x\"},\n  \"arch")
            try text.write(toFile: config, atomically: true, encoding: .utf8)
            try Tool.run(command).expectFailure(65, "passage_ranking")
        }
    }

    @Test(
        "options that do not go together are refused",
        arguments: [
            (["--passages", "3"], "--open"), (["--embedder", "x"], "--open"), (["--learn-ranking"], "--open"),
            (["--open", "--preset", "tutorial"], "--preset"), (["--open", "--store-threshold"], "--store-threshold"),
            (["--open", "--passages", "0"], "--passages"), (["--open", "--sample", "-1"], "--sample"),
        ])
    func refused(options: [String], named: String) throws {
        try Tool.run(["evaluate", "--model", "m", "--data", "d"] + options).expectFailure(64, named)
    }
}
