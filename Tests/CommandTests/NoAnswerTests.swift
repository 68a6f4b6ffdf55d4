import Foundation
import SQuAD
import StrictJSON
import Testing
import Workshop

@Suite("Questions without an answer, from the command line", .serialized)
struct NoAnswerTests {
    /// A workshop with a run on questions of which half have no answer.
    private func withRun(_ body: (Workshop, _ data: String) throws -> Void) throws {
        try withWorkshop { shop in
            let data = "\(shop.path)/v2.json"
            try Workshop.version2.write(to: data)
            let train = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", data, "--validation-file", data,
                "--output-dir",
                "\(shop.path)/run", "--max-length", "32", "--batch-size", "4", "--epochs", "60", "--learning-rate",
                "3e-3",
                "--threads", "1", "--precision", "fp32",
            ])
            #expect(train.status == 0, "\(train.err)")
            #expect(train.err.contains("for no answer"), "\(train.err)")
            try body(shop, data)
        }
    }

    @Test("training stores the threshold, and evaluate, predict, score and ask go by it")
    func together() throws {
        try withRun { shop, data in
            let config = try JSONValue.parse(shop.bytes("run/config.json"))
            let threshold = try #require(config["no_answer_threshold"]?.double)
            let model = ["--model", "\(shop.path)/run", "--data", data, "--max-length", "32", "--precision", "fp32"]
            let evaluation = try Tool.run(["evaluate", "--json"] + model).json()
            #expect(evaluation["no_answer_threshold"]?.double == threshold)
            #expect(evaluation["HasAns_total"]?.int == 12 && evaluation["NoAns_total"]?.int == 12)
            #expect(evaluation["best_f1"]?.double == evaluation["f1"]?.double)
            #expect(evaluation["best_f1_thresh"]?.double == threshold)
            // Half of it is free for a model that never answers.
            #expect(try #require(evaluation["f1"]?.double) > 60)
            let (answers, odds) = ("\(shop.path)/answers.json", "\(shop.path)/odds.json")
            let predict = try Tool.run(["predict", "--output", answers, "--na-prob-output", odds] + model)
            #expect(predict.status == 0, "\(predict.err)")
            let score = try Tool.run(["score", "--data", data, "--predictions", answers, "--json"]).json()
            #expect(score["f1"]?.double == evaluation["f1"]?.double)
            #expect(score["NoAns_exact"]?.double == evaluation["NoAns_exact"]?.double)
            // The same from answers to everything and the probabilities.
            _ = try Tool.run(["predict", "--output", answers, "--no-answer-threshold", "1"] + model)
            let later = try Tool.run([
                "score", "--data", data, "--predictions", answers, "--na-prob-file", odds, "--na-prob-thresh",
                "\(threshold)", "--json",
            ]).json()
            for key in ["f1", "exact_match", "HasAns_f1", "best_f1", "best_f1_thresh", "pr_f1_ap"] {
                #expect(later[key]?.double == evaluation[key]?.double, "\(key)")
            }
        }
    }

    @Test("ask says that a text has no answer, and answers all the same where it is told to")
    func ask() throws {
        try withRun { shop, _ in
            func ask(_ name: String, _ more: String...) throws -> JSONValue {
                try Tool.run(
                    [
                        "ask", "--model", "\(shop.path)/run", "--question", "where does \(name) live?", "--context",
                        "ada lives in the town of rome.", "--json", "--precision", "fp32",
                    ] + more
                ).json()
            }
            let none = try ask("bob", "--no-answer-threshold", "0")
            #expect(none["answer"]?.string == "" && none["start"]?.int == 0 && none["end"]?.int == 0)
            #expect((0...1).contains(try #require(none["score"]?.double)))
            let forced = try ask("bob", "--no-answer-threshold", "1")
            #expect(forced["answer"]?.string?.isEmpty == false)
            let several = try #require(try ask("bob", "--no-answer-threshold", "0", "--top-k", "3")["answers"]?.array)
            #expect(several.map { $0["answer"]?.string?.isEmpty } == [true, false, false])
        }
    }

    @Test("a threshold can be looked for later and is kept with the model; a model without one always answers")
    func storing() throws {
        try withRun { shop, data in
            let path = "\(shop.path)/run/config.json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let without = text.split(separator: "\n").filter { !$0.contains("no_answer_threshold") }
            try without.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            let evaluate = [
                "evaluate", "--model", "\(shop.path)/run", "--data", data, "--max-length", "32", "--precision", "fp32",
                "--json",
            ]
            let plain = try Tool.run(evaluate)
            #expect(plain.err.contains("--store-threshold"))
            #expect(try plain.json()["NoAns_exact"]?.double == 0)
            let stored = try Tool.run(evaluate + ["--store-threshold"])
            #expect(stored.status == 0, "\(stored.err)")
            let again = try Tool.run(evaluate).json()
            #expect(again["f1"]?.double == (try stored.json())["best_f1"]?.double)
        }
    }

    @Test("what does not fit together is refused")
    func refused() throws {
        try withWorkshop { shop in
            let model = ["--model", "\(shop.path)/model"]
            let data = ["--data", "\(shop.path)/train.json"]
            try Tool.run(["evaluate", "--store-threshold", "--max-length", "32"] + model + data).expectFailure(
                65, "train.json", "is_impossible")
            try Tool.run(["evaluate", "--no-answer-threshold", "1.5"] + model + data).expectFailure(64, "0 to 1")
            try "{}".write(toFile: "\(shop.path)/odds.json", atomically: true, encoding: .utf8)
            let score = ["score", "--predictions", "\(shop.path)/odds.json"] + data
            try Tool.run(score + ["--na-prob-file", "\(shop.path)/odds.json"]).expectFailure(65, "is_impossible")
            try Tool.run(score + ["--na-prob-thresh", "0.5"]).expectFailure(64, "--na-prob-file")
            try Tool.run(score + ["--na-prob-file", "\(shop.path)/none.json"]).expectFailure(66, "none.json")
        }
    }
}
