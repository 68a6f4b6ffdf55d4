import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Models with few positions, and tokenizers that contradict themselves")
struct SmallModelTests {
    @Test("Every command chooses a maximum length that the model has, and records it")
    func maximumLength() throws {
        try withWorkshop { shop in
            let (model, data, run) = ("\(shop.path)/model", "\(shop.path)/train.json", "\(shop.path)/run")
            let train = ["train", "--train-file", data, "--output-dir", run, "--max-steps", "1", "--batch-size", "4"]
            for preset in [[], ["--preset", "tutorial"]] {
                let output = try Tool.run(train + preset + ["--model", model, "--validation-fraction", "0"])
                #expect(output.status == 0, "\(output.err)")
                let record = try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: "\(run)/run.json"))))
                #expect(record["options"]?["max_length"]?.int == 64, "\(record.serialized())")
                if preset.isEmpty { try FileManager.default.removeItem(atPath: run) }
            }
            for command in [
                ["evaluate", "--data", data], ["evaluate", "--data", data, "--preset", "tutorial"],
                ["predict", "--data", data, "--output", "\(shop.path)/answers.json"],
                ["compare", "--data", data, "--model", run], ["plan"], ["lengths", "--data", data],
                ["inspect", "--data", data, "--index", "0"], ["ask", "--question", "who?", "--context", "ada"],
            ] {
                let output = try Tool.run(command + ["--model", run])
                #expect(output.status == 0, "\(command[0]): \(output.err)")
            }
            try Tool.run(["evaluate", "--data", data, "--model", run, "--max-length", "65"])
                .expectFailure(64, "65", "64 positions")
        }
    }

    @Test("lengths compares what the model has positions for")
    func lengths() throws {
        try withWorkshop { shop in
            let command = ["lengths", "--model", "\(shop.path)/model", "--data", "\(shop.path)/train.json", "--json"]
            let lengths = try Tool.run(command).json()["lengths"]?.array
            #expect(lengths?.map { $0["max_length"]?.int } == [64])
        }
    }

    @Test("Files that contradict each other are reported on standard error, by every command that reads them")
    func contradictions() throws {
        try withWorkshop { shop in
            let (model, data) = ("\(shop.path)/model", "\(shop.path)/train.json")
            try Data(#"{"do_lower_case": false, "tokenizer_class": "BertTokenizer"}"#.utf8)
                .write(to: URL(fileURLWithPath: "\(model)/tokenizer_config.json"))
            for command in [
                ["ask", "--question", "who?", "--context", "ada"], ["check", "--data", data],
                ["lengths", "--data", data], ["inspect", "--data", data, "--index", "0"],
                ["predict", "--data", data, "--output", "\(shop.path)/answers.json"], ["tokenize"],
                ["plan", "--data", data], ["plan", "--data", data, "--no-calibration"],
            ] {
                let output = try Tool.run(command + ["--model", model])
                let told = output.err.components(separatedBy: "tokenizer.json says lowercase: true").count - 1
                #expect(told == 1 && output.err.contains("do_lower_case: false"), "\(command[0]): \(output.err)")
            }
        }
    }

    @Test("A tokenizer that needs another program is refused by its name")
    func otherPrograms() throws {
        try withWorkshop { shop in
            let config = URL(fileURLWithPath: "\(shop.path)/model/tokenizer_config.json")
            try Data(#"{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}"#.utf8).write(
                to: config)
            try Tool.run(["ask", "--model", "\(shop.path)/model", "--question", "who?", "--context", "ada"])
                .expectFailure(65, "mecab", "tokenizer_config.json")
        }
    }
}
