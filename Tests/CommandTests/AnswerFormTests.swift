import Foundation
import SQuAD
import StrictJSON
import Testing
import Workshop

@Suite("Answers in the field's forms, from the command line", .serialized)
struct AnswerFormTests {
    private func arguments(_ shop: Workshop, _ command: String, _ data: String) -> [String] {
        [
            command, "--model", "\(shop.path)/model", "--data", "\(shop.path)/\(data)", "--max-length", "32",
            "--precision", "fp32", "--threads", "1",
        ]
    }

    @Test("predict writes the same answers in every format, and score reads each")
    func formats() throws {
        try withWorkshop { shop in
            try Workshop.version2.write(to: "\(shop.path)/v2.json")
            let predict = arguments(shop, "predict", "v2.json")
            var scores: [JSONValue] = []
            for format in ["squad", "jsonl", "csv"] {
                let output = "\(shop.path)/answers.\(format)"
                let run = try Tool.run(
                    predict + ["--output", output, "--format", format, "--na-prob-output", "\(output).odds"])
                #expect(run.status == 0, "\(run.err)")
                let more = format == "squad" ? ["--na-prob-file", "\(output).odds"] : []
                let score = ["score", "--data", "\(shop.path)/v2.json", "--predictions", output, "--json"]
                scores.append(try Tool.run(score + more).json())
            }
            #expect(scores[1] == scores[0] && scores[2] == scores[0])
            #expect(scores[0]["best_f1"] != nil && scores[0]["missing"]?.int == 0)
            let lines = String(decoding: try shop.bytes("answers.jsonl"), as: UTF8.self).split(separator: "\n")
            let ids = lines.map { try? JSONValue.parse(Array($0.utf8))["id"]?.string }
            let file = try Dataset(path: "\(shop.path)/v2.json")
            #expect(ids == file.articles[0].paragraphs.flatMap { $0.questions.map(\.id.text) })
            let table = String(decoding: try shop.bytes("answers.csv"), as: UTF8.self)
            #expect(table.hasPrefix("id,prediction_text,no_answer_probability\n0,"))
            try Tool.run(predict + ["--output", "\(shop.path)/x", "--format", "xml"]).expectFailure(64, "--format")
        }
    }

    @Test("parts of a dataset join to what one run writes", arguments: ["jsonl", "csv"])
    func shards(_ format: String) throws {
        try withWorkshop { shop in
            let predict = arguments(shop, "predict", "train.json") + ["--format", format]
            #expect(try Tool.run(predict + ["--output", "\(shop.path)/whole"]).status == 0)
            let parts = ["2/3", "3/3", "1/3"].map { ("\(shop.path)/part\($0.prefix(1))", $0) }
            for (path, shard) in parts {
                #expect(try Tool.run(predict + ["--output", path, "--shard", shard]).status == 0)
            }
            let merge = try Tool.run(["merge", "--output", "\(shop.path)/merged"] + parts.map(\.0))
            #expect(merge.status == 0, "\(merge.err)")
            #expect(try shop.bytes("merged") == shop.bytes("whole"))
            let plain =
                arguments(shop, "predict", "train.json") + ["--output", "\(shop.path)/object", "--shard", "1/3"]
            #expect(try Tool.run(plain).status == 0)
            try Tool.run(["merge", "--output", "\(shop.path)/m", "\(shop.path)/object", "\(shop.path)/part2"])
                .expectFailure(65, "one kind at a time")
        }
    }

    @Test("a run that was stopped goes on in the format that is asked for")
    func resumed() throws {
        try withWorkshop { shop in
            let predict = arguments(shop, "predict", "train.json") + ["--output", "\(shop.path)/out", "--resume"]
            #expect(try Tool.run(predict + ["--format", "csv"]).status == 0)
            let whole = try shop.bytes("out")
            try Tool.run(predict + ["--format", "csv"], shell: "trap '' XFSZ; ulimit -f 1").expectFailure(74)
            let again = try Tool.run(predict + ["--format", "csv"])
            #expect(again.status == 0, "\(again.err)")
            #expect(try shop.bytes("out") == whole)
        }
    }

    @Test("evaluate and score write what metrics take; score gets the same scores from these files alone")
    func metrics() throws {
        try withWorkshop { shop in
            try Workshop.version2.write(to: "\(shop.path)/v2.json")
            let (predictions, references) = ("\(shop.path)/predictions.json", "\(shop.path)/references.json")
            let outputs = ["--predictions-output", predictions, "--references-output", references]
            let evaluation = try Tool.run(arguments(shop, "evaluate", "v2.json") + outputs + ["--json"]).json()
            let first = try #require(try JSONValue.parse(shop.bytes("predictions.json")).array?.first)
            #expect(first.object?.map(\.key) == ["id", "prediction_text", "no_answer_probability"])
            let score = ["score", "--data", references, "--predictions", predictions, "--json"]
            let scores = try Tool.run(score).json()
            for key in ["f1", "exact_match", "HasAns_f1", "NoAns_exact", "best_f1", "best_f1_thresh"] {
                #expect(scores[key] != nil && scores[key] == evaluation[key], "\(key)")
            }
            let copies = ["--predictions-output", predictions + "2", "--references-output", references + "2"]
            #expect(try Tool.run(score + copies).status == 0)
            #expect(try shop.bytes("predictions.json2") == shop.bytes("predictions.json"))
            #expect(try shop.bytes("references.json2") == shop.bytes("references.json"))
            try Tool.run(score + ["--references-output", "\(shop.path)/none/r"]).expectFailure(74, "none/r")
            // Without questions nothing can be answered.
            try Tool.run(["evaluate", "--model", "\(shop.path)/model", "--data", references]).expectFailure(
                65, "context")
            try Tool.run(score + ["--predictions-output", predictions, "--references-output", predictions])
                .expectFailure(64, "need different files")
            try Tool.run(
                arguments(shop, "evaluate", "v2.json") + ["--preset", "tutorial", "--predictions-output", predictions]
            ).expectFailure(64, "--preset tutorial")
        }
    }
}
