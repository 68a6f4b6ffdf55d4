import Foundation
import SQuAD
import StrictJSON
import Testing
import Workshop

/// Datasets as people have them, given to the commands.
@Suite("Datasets as they come")
struct DataFormTests {
    private static let context = "ada lives in rome. bob lives in oslo."

    private func document(_ questions: String, context: String = context) -> String {
        #"{"data": [{"title": "t", "paragraphs": [{"context": "\#(context)", "qas": [\#(questions)]}]}]}"#
    }

    private func write(_ text: String, _ shop: Workshop, _ name: String = "data.json") throws -> String {
        let path = "\(shop.path)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// The options of every command that answers here.
    private static let short = ["--max-length", "32"]

    @Test("without answers are predicted, inspected and measured, and not scored")
    func unlabelled() throws {
        try withWorkshop { shop in
            let data = try write(
                document(#"{"id": "a", "question": "who lives in rome?"}, {"question": "who lives in oslo?"}"#), shop)
            let (model, output) = ("\(shop.path)/model", "\(shop.path)/answers.json")
            let predict = try Tool.run(["predict", "--model", model, "--data", data, "--output", output] + Self.short)
            #expect(predict.status == 0, "\(predict.err)")
            #expect(
                predict.err.contains("note: 1 of 2 questions without an id; each is named by its number"),
                "\(predict.err)")
            #expect(try Set(Predictions(path: output).answers.keys) == ["a", "2"])
            #expect(try Tool.run(["inspect", "--model", model, "--data", data, "--id", "2"]).status == 0)
            #expect(try Tool.run(["lengths", "--model", model, "--data", data, "--max-lengths", "32"]).status == 0)
            let check = try Tool.run(["check", "--data", data])
            #expect(
                check.status == 0 && check.out.contains("no question is labelled; the file can be used for prediction"),
                "\(check.out)")
            for command in [
                ["score", "--data", data, "--predictions", output], ["evaluate", "--model", model, "--data", data],
                ["compare", "--model", model, "--data", data],
            ] { try Tool.run(command).expectFailure(65, "data.json", "no question has an answer to compare with") }
            try Tool.run(
                ["train", "--model", model, "--train-file", data, "--output-dir", "\(shop.path)/run"] + Self.short
            )
            .expectFailure(65, "data.json", "no question is left to train on")
        }
    }

    @Test("through a pipe or standard input, compressed or not, give the same answers")
    func pipes() throws {
        try withWorkshop { shop in
            let train = "\(shop.path)/train.json"
            func predict(_ data: String, _ name: String, shell: String? = nil) throws -> Data {
                let output = "\(shop.path)/\(name)"
                let run = try Tool.run(
                    ["predict", "--model", "\(shop.path)/model", "--data", data, "--output", output] + Self.short,
                    shell: shell)
                #expect(run.status == 0, "\(run.err)")
                return try Data(contentsOf: URL(fileURLWithPath: output))
            }
            let expected = try predict(train, "file.json")
            #expect(try predict("-", "input.json", shell: "exec < '\(train)'") == expected)
            let pipe = "\(shop.path)/pipe"
            #expect(
                try predict(pipe, "pipe.json", shell: "mkfifo '\(pipe)'; { gzip -c '\(train)' > '\(pipe)' & }")
                    == expected)
            let packed = "gzip -c '\(train)' > '\(shop.path)/train.json.gz'"
            #expect(try predict("\(shop.path)/train.json.gz", "packed.json", shell: packed) == expected)
            let empty = try Tool.run(["check", "--data", "-"])
            empty.expectFailure(65, "standard input: ", "the file is empty")
        }
    }

    @Test("with one id for two questions lose no prediction, and both are counted")
    func repeated() throws {
        try withWorkshop { shop in
            let data = try write(
                document(
                    #"{"id": "a", "question": "who lives in rome?", "answers": [{"text": "ada", "answer_start": 0}]}, "#
                        + #"""
                        {"id": "a", "question": "who lives in oslo?", "answers": [{"text": "bob", \#
                        "answer_start": 19}]}
                        """#
                ), shop)
            let (model, output) = ("\(shop.path)/model", "\(shop.path)/answers.json")
            let predict = try Tool.run(["predict", "--model", model, "--data", data, "--output", output] + Self.short)
            #expect(
                predict.err.contains("warning: 1 of 2 questions with a repeated id, first \"a\""),
                "\(predict.err)")
            #expect(try Set(Predictions(path: output).answers.keys) == ["a", "a#2"])
            try Predictions(["a": "ada", "a#2": "bob"]).write(to: output)
            let score = try Tool.run(["score", "--data", data, "--predictions", output, "--json"])
            #expect(try score.json()["exact_match"]?.double == 100 && score.json()["total"]?.int == 2)
            #expect(score.err.contains("with a repeated id"))
            let evaluate = try Tool.run(["evaluate", "--model", model, "--data", data, "--json"] + Self.short)
            #expect(try evaluate.json()["total"]?.int == 2)
            #expect(evaluate.err.contains("with a repeated id"), "\(evaluate.err)")
        }
    }

    @Test("training says what is remarkable about each of them, once")
    func training() throws {
        try withWorkshop { shop in
            let rome = #""question": "who lives in rome?", "answers": [{"text": "ada", "answer_start": 0}]"#
            let oslo = #""question": "who lives in oslo?", "answers": [{"text": "bob", "answer_start": 19}]"#
            let train = try write(document("{\(rome)}, {\(oslo)}"), shop)
            let held = try write(document(#"{"id": "a", \#(rome)}, {"id": "a", \#(oslo)}"#), shop, "held.json")
            let arguments = [
                "train", "--model", "\(shop.path)/model", "--train-file", train, "--output-dir", "\(shop.path)/run",
                "--max-steps", "1",
            ]
            let output = try Tool.run(arguments + Self.short + ["--validation-file", held])
            #expect(output.status == 0, "\(output.err)")
            let found = [
                "note: 2 of 2 questions without an id", "warning: 1 of 2 questions with a repeated id",
            ].map { output.err.components(separatedBy: $0).count - 1 }
            #expect(found == [1, 1], "\(output.err)")
            try Tool.run(arguments + ["--validation-file", "\(shop.path)/none.json"]).expectFailure(66, "none.json")
        }
    }

    @Test("with offsets in UTF-16 units are recognised and converted")
    func units() throws {
        try withWorkshop { shop in
            let text = "one \u{1F600}\u{1F600} two, one two"
            let questions = [("two", 9, 7), ("one", 14, 12), ("two", 18, 16)].enumerated().map { number, place in
                #"""
                {"id": "\#(number)", "question": "?", "answers": [{"text": "\#(place.0)", \#
                "answer_start": \#(place.1)}]}
                """#
            }
            let data = try write(document(questions.joined(separator: ","), context: text), shop)
            let check = try Tool.run(["check", "--data", data, "--json"])
            #expect(check.status == 65)
            #expect(try check.json()["offset_unit"]?.string == "utf16")
            #expect(check.err.contains("the offsets of answers count UTF-16 units"), "\(check.err)")
            let output = "\(shop.path)/converted.json"
            let convert = try Tool.run(["convert", "--data", data, "--output", output, "--repair", "--json"])
            let kinds = try convert.json()["changes"]?.array?.compactMap { $0["kind"]?.string }
            #expect(kinds == ["converted", "converted", "converted"])
            let starts = try Dataset(path: output).articles[0].paragraphs[0].questions.map { $0.answers[0].start }
            #expect(starts == [7, 12, 16])
            #expect(try Tool.run(["check", "--data", output]).status == 0)
        }
    }

    @Test("in Chinese are scored by characters where that is asked for, and otherwise a warning says so")
    func languages() throws {
        try withWorkshop { shop in
            let data = try write(
                document(
                    #"""
                    {"id": "a", "question": "?", "answers": [{"text": "\u6cb3\u7684\u5317\u5cb8", \#
                    "answer_start": 1}]}
                    """#,
                    context: #"\u5728\u6cb3\u7684\u5317\u5cb8\u8fb9\u3002"#), shop)
            let answers = try write(#"{"a": "\u5728\u6cb3\u7684\u5317\u5cb8\u8fb9"}"#, shop, "answers.json")
            let score = ["score", "--data", data, "--predictions", answers, "--json"]
            let plain = try Tool.run(score)
            #expect(try plain.json()["f1"]?.double == 0)
            #expect(plain.err.contains("--language zh or --metric cmrc counts characters"), "\(plain.err)")
            for (options, members) in [
                (["--language", "zh"], ["metric": "mlqa", "language": "zh"]),
                (["--metric", "cmrc"], ["metric": "cmrc"]),
                (["--metric", "mlqa", "--language", "ZH"], ["metric": "mlqa", "language": "zh"]),
            ] {
                let run = try Tool.run(score + options)
                #expect(try run.json()["f1"]?.double == 80)
                for (key, value) in members { #expect(try run.json()[key]?.string == value) }
                #expect(run.err.isEmpty, "\(run.err)")
            }
            for (options, word) in [
                (["--metric", "mlqa"], "needs --language"), (["--language", "xx"], "must be one of"),
                (["--metric", "cmrc", "--language", "de"], "is for Chinese"),
                (["--metric", "squad", "--language", "de"], "not take a language"),
            ] {
                let run = try Tool.run(score + options)
                #expect(run.status == 64 && run.err.contains(word), "\(run.err)")
            }
        }
    }

    @Test("with long answers are answered at length where --max-answer-length allows it")
    func longAnswers() throws {
        try withWorkshop { shop in
            let words = (0..<20).map { _ in "rome" }.joined(separator: " ")
            let data = try write(
                document(
                    #"{"id": "a", "question": "who?", "answers": [{"text": "\#(words)", "answer_start": 0}]}"#,
                    context: words), shop)
            let base = ["--model", "\(shop.path)/model", "--data", data] + Self.short
            let warned = try Tool.run(["evaluate"] + base + ["--max-answer-length", "5", "--json"])
            #expect(warned.err.contains("the answers to 1 question have more than 5 tokens"), "\(warned.err)")
            #expect(
                try Tool.run(["evaluate"] + base + ["--max-answer-length", "20", "--json"]).err.contains("tokens")
                    == false)
            let output = "\(shop.path)/answers.json"
            for limit in [1, 3] {
                let run = try Tool.run(["predict"] + base + ["--output", output, "--max-answer-length", "\(limit)"])
                #expect(run.status == 0, "\(run.err)")
                let answer = try #require(Predictions(path: output).answers["a"])
                #expect(answer.split(separator: " ").count <= limit, "\(answer)")
            }
            for command in ["ask", "chat", "serve", "compare", "quantize", "train"] {
                #expect(try Tool.run([command, "--help"]).out.contains("--max-answer-length"), "\(command)")
            }
            for limit in ["0", "65537", "9223372036854775807"] {
                let run = try Tool.run(["predict"] + base + ["--output", output, "--max-answer-length", limit])
                #expect(run.status == 64 && run.err.contains("must be from 1 to 65536"), "\(run.err)")
            }
        }
    }
}

@Suite("Resuming with other data or more epochs")
struct ResumedDataTests {
    private func train(_ shop: Workshop, _ more: String...) throws -> Tool.Output {
        try Tool.run(
            [
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--output-dir",
                "\(shop.path)/run", "--max-length", "32", "--validation-fraction", "0.3", "--batch-size", "4",
            ] + more)
    }

    @Test("other contents of the training file are refused by name, and the old ones are taken again")
    func otherData() throws {
        try withWorkshop { shop in
            let first = try train(shop, "--epochs", "1")
            #expect(first.status == 0, "\(first.err)")
            let file = URL(fileURLWithPath: "\(shop.path)/train.json")
            let contents = try Data(contentsOf: file)
            let record = try Data(contentsOf: URL(fileURLWithPath: "\(shop.path)/run/run.json"))
            try (contents + Data("\n".utf8)).write(to: file)
            try train(shop, "--epochs", "1", "--resume").expectFailure(65, "train.json is not the data", "SHA-256")
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(shop.path)/run/run.json")) == record)
            try contents.write(to: file)
            #expect(try train(shop, "--epochs", "1", "--resume").status == 0)
        }
    }

    @Test(
        "a finished run goes on with more epochs and says how the learning rate goes on; with other options it does not"
    )
    func moreEpochs() throws {
        try withWorkshop { shop in
            #expect(try train(shop, "--epochs", "1").status == 0)
            try train(shop, "--epochs", "2", "--seed", "7", "--resume").expectFailure(74, "seed")
            let more = try train(shop, "--epochs", "2", "--resume", "--json")
            #expect(more.status == 0, "\(more.err)")
            #expect(
                more.err.contains("the run was finished after 1 epoch: the learning rate, which had fallen to 0"),
                "\(more.err)")
            let statistics = try JSONValue.parse(
                Array(Data(contentsOf: URL(fileURLWithPath: "\(shop.path)/run/training_stats.json"))))
            #expect(statistics["epoch_1"] != nil && statistics["epoch_2"] != nil && statistics["epoch_3"] == nil)
            let fewer = try train(shop, "--epochs", "1", "--resume")
            fewer.expectFailure(74, "epochs (2, now 1)")
        }
    }
}
