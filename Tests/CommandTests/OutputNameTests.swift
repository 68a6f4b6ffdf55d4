import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Names of output files", .serialized)
struct OutputNameTests {
    /// Runs in the workshop's folder.
    private func run(_ shop: Workshop, _ arguments: String...) throws -> Tool.Output {
        try Tool.run(arguments, shell: "cd '\(shop.path)'")
    }

    @Test("may be of one letter, for files and folders alike")
    func short() throws {
        try withWorkshop { shop in
            let predict = ["predict", "--model", "model", "--data", "train.json", "--max-length", "32"]
            for arguments in [
                ["convert", "--data", "train.json", "--output", "c"],
                predict + ["--output", "p"], predict + ["--output", "q", "--n-best", "1", "--n-best-output", "n"],
                predict + ["--output", "1", "--shard", "1/2"], predict + ["--output", "2", "--shard", "2/2"],
                ["merge", "1", "2", "--output", "m"],
                ["train", "--model", "model", "--train-file", "c", "--output-dir", "r", "--max-steps", "1"],
                ["evaluate", "--model", "r", "--data", "c"], ["plot", "r", "--output", "s"],
            ] {
                let result = try Tool.run(arguments, shell: "cd '\(shop.path)'")
                #expect(result.status == 0 && !result.signalled, "\(arguments): \(result.err)")
            }
            #expect(try shop.bytes("m") == shop.bytes("p"))
        }
    }

    @Test("- is standard output, which then has nothing else")
    func dash() throws {
        try withWorkshop { shop in
            let answers = try run(
                shop, "predict", "--model", "model", "--data", "train.json", "--max-length", "32", "--output", "-")
            #expect(answers.status == 0, "\(answers.err)")
            #expect(try JSONValue.parse(Array(answers.out.utf8)).object?.count == 12)
            let dataset = try run(shop, "convert", "--data", "train.json", "--output", "-")
            #expect(dataset.status == 0 && dataset.err.contains("12 questions"), "\(dataset.err)")
            #expect(try JSONValue.parse(Array(dataset.out.utf8))["data"] != nil)
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/-"))
        }
    }
}
