import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Looking at data")
struct DataViewTests {
    @Test("inspect shows a question as the model sees it, by number or by id")
    func inspect() throws {
        try withWorkshop { shop in
            let command = ["inspect", "--model", "\(shop.path)/model", "--data", "\(shop.path)/train.json"]
            let byNumber = try Tool.run(command + ["--index", "1"])
            let byID = try Tool.run(command + ["--id", "1"])
            #expect(byNumber.status == 0, "\(byNumber.err)")
            #expect(byNumber.out == byID.out)
            for part in [
                "who lives in rome?", "[[ada]] lives in the town of rome.", "answer", "[CLS] who lives in rome?",
            ] {
                #expect(byNumber.out.contains(part), "\(part) in \(byNumber.out)")
            }
            let row = try #require(try Tool.run(command + ["--index", "1", "--json"]).json()["rows"]?.array?.first)
            let label = try #require(row["label"]?.array?.first?.int)
            #expect(row["tokens"]?.array?[label].string == "ada")
            try Tool.run(command + ["--index", "12"]).expectFailure(64, "--index 12", "0 to 11")
            try Tool.run(command + ["--id", "none"]).expectFailure(64, "none")
            try Tool.run(command + ["--id", "1", "--index", "1"]).expectFailure(64, "not both")
        }
    }

    @Test("lengths says what each maximum would cut, and draws it")
    func lengths() throws {
        try withWorkshop { shop in
            let command = [
                "lengths", "--model", "\(shop.path)/model", "--data", "\(shop.path)/train.json", "--max-lengths", "12",
                "64",
            ]
            let picture = "\(shop.path)/lengths.svg"
            let output = try Tool.run(command + ["--histogram", picture, "--json"])
            #expect(output.status == 0, "\(output.err)")
            let report = try output.json()
            #expect(report["rows"]?.int == 12)
            let choices = try #require(report["lengths"]?.array)
            #expect(choices.map { $0["max_length"]?.int } == [12, 64])
            #expect(choices[0]["cut"]?.int == 12)
            #expect(choices[1]["cut"]?.int == 0 && choices[1]["relative_cost"]?.double == 1)
            #expect(try String(contentsOfFile: picture, encoding: .utf8).hasPrefix("<svg"))
            #expect(try Tool.run(command).out.contains("answers lost"))
            try Tool.run(command + ["--histogram", "\(shop.path)/none/x.svg"]).expectFailure(74, "x.svg")
            try Tool.run(["lengths", "--model", "x", "--data", "y", "--max-lengths", "7"]).expectFailure(64, "7")
        }
    }

    @Test("check with a model compares the two ways to an answer's tokens")
    func alignment() throws {
        try withWorkshop { shop in
            let output = try Tool.run([
                "check", "--data", "\(shop.path)/train.json", "--model", "\(shop.path)/model", "--json",
            ])
            #expect(output.status == 0, "\(output.err)")
            #expect(try output.json()["alignment_differences"]?.array?.isEmpty == true)
        }
    }
}
