import BERT
import Foundation
import StrictJSON
import Testing
import Workshop

/// The program with a model of each family, from training to an answer.
@Suite("Families from the command line", .serialized)
struct FamilyTests {
    @Test(
        "trains, evaluates, predicts in shards, asks, and keeps the family's form",
        arguments: EncoderFamily.allCases.filter { $0 != .bert })
    func whole(family: EncoderFamily) throws {
        try withWorkshop(family: family) { shop in
            let (run, data) = ("\(shop.path)/run", "\(shop.path)/train.json")
            let train = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", data, "--validation-file", data,
                "--epochs", "7",
                "--max-steps", "20", "--batch-size", "4", "--max-length", "48", "--precision", "fp32", "--output-dir",
                run, "--json",
            ])
            #expect(train.status == 0 && !train.err.contains("warning"), "\(train.err)")
            #expect(try train.json()["steps"]?.int == 20)
            let evaluate = try Tool.run(["evaluate", "--model", run, "--data", data, "--json"])
            #expect(evaluate.status == 0, "\(evaluate.err)")
            #expect(try evaluate.json()["total"]?.int == 12)
            for (name, shard) in [("whole", []), ("1", ["--shard", "1/2"]), ("2", ["--shard", "2/2"])] {
                let output = try Tool.run(
                    [
                        "predict", "--model", run, "--data", data, "--precision", "fp32", "--output",
                        "\(shop.path)/\(name)",
                    ]
                        + shard)
                #expect(output.status == 0, "\(output.err)")
            }
            let merge = try Tool.run(
                ["merge", "--output", "\(shop.path)/merged", "\(shop.path)/2", "\(shop.path)/1"])
            #expect(merge.status == 0, "\(merge.err)")
            #expect(try shop.bytes("merged") == shop.bytes("whole"))
            let ask = try Tool.run([
                "ask", "--model", run, "--question", "where does ada live?", "--context",
                "ada lives in the town of rome.", "--json",
            ])
            #expect(ask.status == 0, "\(ask.err)")
            #expect(try ask.json()["answer"]?.string != nil)
            let config = try JSONValue.parse(shop.bytes("run/config.json"))
            #expect(config["model_type"]?.string == family.rawValue)
        }
    }

    @Test("plans and compares lengths for the rows that its positions allow")
    func positions() throws {
        try withWorkshop(family: .roberta) { shop in
            let model = ["--model", "\(shop.path)/model"]
            let long = try Tool.run(["lengths"] + model + ["--data", "\(shop.path)/train.json", "--json"])
            #expect(long.status == 0, "\(long.err)")
            #expect(try long.json()["lengths"]?.array?.compactMap { $0["max_length"]?.int } == [64])
            let ask = ["ask"] + model + ["--question", "who?", "--context", "ada", "--max-length", "65"]
            try Tool.run(ask).expectFailure(64, "--max-length 65", "64 positions")
            let train =
                ["train"] + model + ["--train-file", "\(shop.path)/train.json", "--output-dir", "\(shop.path)/x"]
            try Tool.run(train + ["--max-length", "65"]).expectFailure(64, "--max-length 65", "64 positions")
        }
    }
}
