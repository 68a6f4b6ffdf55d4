import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Dataset files that cannot be used")
struct FatalErrorTests {
    private static func article(_ members: String) -> String { "{\"data\": [{\"title\": \"T\", \(members)}]}" }
    private static func question(_ members: String) -> String {
        article("\"paragraphs\": [{\"context\": \"Ada\", \"qas\": [{\(members)}]}]")
    }
    private static func asked(_ members: String) -> String {
        question("\"id\": \"q1\", \"question\": \"Who?\", \(members)")
    }
    private static let good = question(
        #""id": "q1", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}]"#)

    @Test(
        "The message says what is wrong",
        arguments: [
            ("", "line 1, column 1: the file is empty"),
            (
                "hello",
                """
                line 1, column 1: expected a value; a dataset is SQuAD's document, rows or paragraphs as JSON, or a \
                table
                """
            ),
            ("context|question\nc|?", "a table (commas, tabs or semicolons) whose first line names"),
            ("id,name\n1,Ada", "line 1, column 1: expected a value"), ("3", "this file is a single value"),
            ("\"data\"", "this file is a single value"), ("null", "this file is a single value"),
            ("{}", "row 1 has no \"context\"; it has no fields; the closest supported format is"),
            ("{\"Data\": []}", "the file has no questions"),
            ("{\"data\": []}", "the file has no questions"),
            ("{\"data\": [{\"paragraphs\": []}]}", "the file has no questions"),
            (article("\"paragraphs\": [{\"context\": \"c\", \"qas\": []}]"), "the file has no questions"),
            ("{\"data\": {}}", "line 1, column 10: \"data\" must be a list"),
            ("{\"data\": null}", "\"data\" must be a list"),
            ("{\"data\": [1]}", "line 1, column 11: expected an object"),
            (article("\"paragraphs\": {}"), "\"paragraphs\" must be a list"),
            (article("\"paragraphs\": [{\"context\": [], \"qas\": []}]"), "\"context\" must be a string"),
            (article("\"paragraphs\": [{\"context\": \"c\", \"qas\": {}}]"), "\"qas\" must be a list"),
            (question("\"id\": []"), "\"id\" must be a string"),
            (question("\"question\": 1"), "\"question\" must be a string"),
            (asked("\"answers\": true"), "an answer's text must be a string, not true"),
            (asked("\"is_impossible\": \"maybe\""), "\"is_impossible\" must be true or false, not \"maybe\""),
            (asked("\"is_impossible\": 2"), "\"is_impossible\" must be true or false, not 2"),
            (
                asked("\"answers\": [{\"text\": \"Ada\", \"answer_start\": 0.5}]"),
                "article 1, paragraph 1, question q1: answer_start must be a whole number, not 0.5"
            ),
            (
                asked("\"answers\": [{\"text\": \"Ada\", \"answer_start\": 99999999999999999999}]"),
                "must be a whole number"
            ),
            (asked("\"answers\": [{\"text\": \"Ada\", \"answer_start\": \"first\"}]"), "must be a whole number"),
            (asked("\"Question\": \"Who?\""), "\"Question\" is the second field of its kind; remove or rename one"),
            (question("\"question\": \"\\ud83d\""), "lone surrogate"),
            (good + "x", "expected a value"), (good + "3", "there is more after the end of the document"),
        ])
    func message(text: String, expected: String) throws {
        let error = try #require(failure(text.utf8))
        #expect(error.message.contains(expected), "\(error)")
        #expect(error.description == "sample.json: \(error.message)")
        #expect(!error.isMissing)
    }

    @Test("Documents one after another, as JSON lines have them, are one dataset")
    func jsonLines() throws {
        let lines = try dataset(Self.good + "\n" + Self.good.replacingOccurrences(of: "q1", with: "q2"))
        #expect(lines.articles.flatMap(\.paragraphs).flatMap(\.questions).map(\.id) == ["q1", "q2"])
        #expect(lines.articles.count == 2 && lines.problems().isEmpty)
    }

    @Test(
        "A missing field is named with its article, paragraph and question",
        arguments: [
            ("{\"data\": [{\"title\": \"T\"}]}", "article 1 has no \"paragraphs\""),
            (article("\"paragraphs\": [{\"qas\": []}]"), "article 1, paragraph 1 has no \"context\""),
            (
                article("\"paragraphs\": [{\"context\": \"c\", \"qas\": []}, {\"context\": \"c\"}]"),
                "article 1, paragraph 2 has no \"qas\""
            ),
            (question(#""id": "q1", "answers": []"#), "article 1, paragraph 1, question q1 has no \"question\""),
            (question(#""answers": [], "note": "n""#), "article 1, paragraph 1, question 1 has no \"question\""),
        ])
    func missingField(text: String, expected: String) throws {
        let error = try #require(failure(text.utf8))
        #expect(error.message.contains(expected + "; its fields are "), "\(error)")
        #expect(error.message.contains("; the closest supported format is "), "\(error)")
    }

    @Test("A missing field is not blamed on a question that came before it")
    func fieldAfterQuestions() throws {
        let questions = #""qas": [{"id": "q1", "question": "Who?", "answers": []}]"#
        let paragraph = try #require(failure(Self.article("\"paragraphs\": [{\(questions)}]").utf8))
        #expect(paragraph.message.contains("article 1, paragraph 1 has no \"context\""))
        let text = "{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \(questions)}]}, {\"title\": \"second\"}]}"
        let article = try #require(failure(text.utf8))
        #expect(article.message.contains("article 2 has no \"paragraphs\""))
    }

    @Test("A file cut off anywhere is refused and never traps")
    func truncated() throws {
        let paragraph =
            #"""
            {"context": "A café \ud83d\ude00 here", "qas": [{"id": "q", "question": "?", "answers": [{"text": "A", \#
            "answer_start": 0}]}]}
            """#
        let paragraphs = Array(repeating: paragraph, count: 60).joined(separator: ",\n")
        let bytes = Array(
            "{\"version\": \"1.1\", \"data\": [{\"title\": \"T\", \"paragraphs\": [\(paragraphs)]}]}".utf8)
        #expect(failure(bytes) == nil)
        for count in stride(from: 0, to: bytes.count, by: 50) {
            let error = try #require(failure(bytes[..<count]), "accepted when cut off after \(count) bytes")
            #expect(error.message.hasPrefix("line "))
        }
    }

    @Test("A file that is missing, a directory or empty is named")
    func files() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appendingPathComponent("none.json").path
            let absence = #expect(throws: DatasetError.self) { try Dataset(path: missing) }
            #expect(absence?.isMissing == true)
            #expect(absence?.description == "\(missing): No such file or directory")
            let directory = #expect(throws: DatasetError.self) { try Dataset(path: folder.path) }
            #expect(directory?.isMissing == false)
            #expect(directory?.message == "it is a directory; a file was expected")
            let empty = folder.appendingPathComponent("empty.json")
            try Data().write(to: empty)
            let emptiness = #expect(throws: DatasetError.self) { try Dataset(path: empty.path) }
            #expect(emptiness?.message == "line 1, column 1: the file is empty")
            let questionless = folder.appendingPathComponent("questionless.json")
            try Data("{\"data\": []}".utf8).write(to: questionless)
            let lack = #expect(throws: DatasetError.self) { try Dataset(path: questionless.path) }
            #expect(lack?.message == "the file has no questions")
        }
    }
}
