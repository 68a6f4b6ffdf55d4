import Foundation
import StrictJSON
import Testing
import Workshop

/// One paragraph about Ada with the given members of its question.
private func dataset(_ question: String, context: String = "ada lives in rome.") -> String {
    #"{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "\#(context)", "qas": [\#(question)]}]}]}"#
}

private let soundQuestion = #"{"id": "q1", "question": "who?", "answers": [{"text": "ada", "answer_start": 0}]}"#

@Suite("Bad datasets")
struct DatasetTests {
    @Test(
        "that cannot be read are refused with the place, and no run begins",
        arguments: [
            ("not JSON", "line 1"), ("", "empty"), (#"{"data": ["#, "line 1"), ("[]", "question"), ("{}", "data"),
            (#"{"data": []}"#, "question"), (#"{"data": {}}"#, "data"),
            (dataset(#"{"id": "q1", "answers": []}"#), "question q1 has no \"question\""),
            (dataset(#"{"id": "q1", "question": "who?", "answers": [{"word": "ada"}]}"#), "no \"text\", but \"word\""),
            (
                dataset(#"{"id": "q1", "question": "who?", "answers": [{"text": "ada", "answer_start": "first"}]}"#),
                "question q1: answer_start must be a whole number"
            ),
            (dataset(#"{"id": "q1", "question": "\ud800", "answers": []}"#), "surrogate"),
        ])
    func unreadable(_ text: String, _ word: String) throws {
        try withWorkshop { shop in
            let path = "\(shop.path)/bad.json"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            try Tool.run(["check", "--data", path]).expectFailure(65, "bad.json", word)
            let train = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", path, "--output-dir", "\(shop.path)/run",
                "--max-length", "32",
            ])
            train.expectFailure(65, "bad.json", word)
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"))
        }
    }

    @Test("with bytes that are not UTF-8 or cut in the middle are refused with the place")
    func bytes() throws {
        try withWorkshop { shop in
            let path = "\(shop.path)/bad.json"
            let good = Array(dataset(soundQuestion).utf8)
            try Data(good.prefix(60) + [0xFF] + good.dropFirst(60)).write(to: URL(fileURLWithPath: path))
            try Tool.run(["check", "--data", path]).expectFailure(65, "bad.json", "UTF-8")
            for length in stride(from: 1, to: good.count, by: 7) {
                try Data(good.prefix(length)).write(to: URL(fileURLWithPath: path))
                try Tool.run(["check", "--data", path]).expectFailure(65, "bad.json")
            }
            try Tool.run(["check", "--data", "\(shop.path)/none.json"]).expectFailure(66, "none.json")
        }
    }

    @Test(
        "with wrong questions are listed by id, and say where an answer is instead",
        arguments: [
            (#"{"id": "q7", "question": "who?", "answers": [{"text": "rome", "answer_start": 2}]}"#, "13"),
            (#"{"id": "q7", "question": "who?", "answers": [{"text": "ada", "answer_start": -1}]}"#, "0"),
            (
                #"{"id": "q7", "question": "who?", "answers": [{"text": "ada", "answer_start": 9000000000000000000}]}"#,
                "0"
            ),
            (#"{"id": "q7", "question": "", "answers": [{"text": "ada", "answer_start": 0}]}"#, "empty"),
            (#"{"id": "q1", "question": "who?", "answers": [{"text": "ada", "answer_start": 0}]}"#, "same id"),
        ])
    func wrong(_ question: String, _ word: String) throws {
        try withWorkshop { shop in
            let path = "\(shop.path)/wrong.json"
            try dataset("\(soundQuestion), \(question)").write(toFile: path, atomically: true, encoding: .utf8)
            let check = try Tool.run(["check", "--data", path, "--json"])
            #expect(check.status == 65)
            let problems = try #require(try check.json()["problems"]?.array)
            #expect(problems.count == 1)
            #expect(try check.json()["articles"]?.int == 1 && check.json()["questions"]?.int == 2, "\(check.out)")
            #expect(problems.first?["id"]?.string == (question.contains("q7") ? "q7" : "q1"))
            #expect(problems.first?["message"]?.string?.contains(word) == true, "\(check.out)")
        }
    }

    @Test("with no usable question at all cannot be trained on")
    func nothingLeft() throws {
        try withWorkshop { shop in
            let path = "\(shop.path)/wrong.json"
            let question = #"{"id": "q7", "question": "who?", "answers": [{"text": "bob", "answer_start": 0}]}"#
            try dataset(question).write(toFile: path, atomically: true, encoding: .utf8)
            let output = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", path, "--output-dir", "\(shop.path)/run",
                "--max-length", "32", "--validation-fraction", "0",
            ])
            output.expectFailure(65, "wrong.json")
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"))
        }
    }

    @Test("that are sound pass, also with a byte order mark and CRLF")
    func sound() throws {
        try withWorkshop { shop in
            let path = "\(shop.path)/good.json"
            let text = "\u{FEFF}" + dataset(soundQuestion).replacingOccurrences(of: ", ", with: ",\r\n")
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let output = try Tool.run(["check", "--data", path, "--json"])
            #expect(output.status == 0, "\(output.out)")
            #expect(try output.json()["questions"]?.int == 1)
        }
    }
}
