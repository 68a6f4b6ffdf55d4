import Evaluating
import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Answers sorted on the disk")
struct AnswerSorterTests {
    @Test("in however many lots they are sorted, the file is that of all at once", arguments: [1, 400, 3000, 1 << 20])
    func lots(_ budget: Int) throws {
        let directory = try TemporaryDirectory()
        let (output, whole) = ("\(directory.path)/answers.json", "\(directory.path)/whole.json")
        var sorter = try AnswerSorter(output: output, budget: budget)
        var all: [QuestionID: String] = [:]
        for number in 0..<100 {
            // Some ids come again, and the last answer counts; some need escaping, some are canonical equivalents.
            let id = ["q\(number * 37 % 80)", "\"\(number)\n", "e\u{301}\(number % 3)", "\u{E9}\(number % 3)"][
                number % 4]
            try sorter.add(id, "answer \(number)")
            all[QuestionID(id)] = "answer \(number)"
        }
        try sorter.finish()
        try Predictions(all).write(to: whole)
        #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == Data(contentsOf: URL(fileURLWithPath: whole)))
        #expect(try directory.names() == ["answers.json", "whole.json"])
    }

    @Test("no answers are an empty object")
    func none() throws {
        let directory = try TemporaryDirectory()
        var sorter = try AnswerSorter(output: "\(directory.path)/answers.json", budget: 10)
        try sorter.finish()
        #expect(try String(contentsOfFile: "\(directory.path)/answers.json", encoding: .utf8) == "{}\n")
    }
}
