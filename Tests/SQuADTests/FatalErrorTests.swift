import Foundation
import SQuAD
import Testing

@Suite("Dataset files that cannot be used")
struct FatalErrorTests {
    private static func article(_ members: String) -> String { "{\"data\": [{\"title\": \"T\", \(members)}]}" }
    private static func question(_ members: String) -> String {
        article("\"paragraphs\": [{\"context\": \"Ada\", \"qas\": [{\(members)}]}]")
    }
    private static let good = question(
        #""id": "q1", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}]"#)

    @Test(
        "The message says what is wrong",
        arguments: [
            ("", "line 1, column 1: the file is empty"),
            ("hello", "line 1, column 1: expected a value; a dataset is SQuAD's document, rows as JSON, or a table"),
            ("context|question\nc|?", "a table (commas, tabs or semicolons) whose first line names"),
            ("id,name\n1,Ada", "line 1, column 1: expected a value"), ("3", "this file is a single value"),
            ("\"data\"", "this file is a single value"), ("null", "a SQuAD file is an object {\"data\""),
            ("{}", "there is no \"data\"; a SQuAD file is an object"), ("{\"Data\": []}", "there is no \"data\""),
            ("{\"data\": []}", "the file has no questions"),
            ("{\"data\": [{\"paragraphs\": []}]}", "the file has no questions"),
            (article("\"paragraphs\": [{\"context\": \"c\", \"qas\": []}]"), "the file has no questions"),
            ("{\"data\": {}}", "line 1, column 10: \"data\" must be a list"),
            ("{\"data\": null}", "\"data\" must be a list"),
            ("{\"data\": [1]}", "line 1, column 11: expected an object"),
            (article("\"paragraphs\": {}"), "\"paragraphs\" must be a list"),
            (article("\"paragraphs\": [{\"context\": [], \"qas\": []}]"), "expected a string"),
            (article("\"paragraphs\": [{\"context\": \"c\", \"qas\": {}}]"), "\"qas\" must be a list"),
            (question("\"id\": null"), "expected a string"), (question("\"question\": 1"), "expected a string"),
            (question("\"answers\": {\"text\": [\"Ada\"], \"answer_start\": [0]}"), "\"answers\" must be a list"),
            (question("\"answers\": [\"Ada\"]"), "expected an object"),
            (question("\"is_impossible\": \"no\""), "expected true or false"),
            (
                question("\"answers\": [{\"text\": \"Ada\", \"answer_start\": 0.5}]"),
                "answer_start must be a whole number"
            ),
            (
                question("\"answers\": [{\"text\": \"Ada\", \"answer_start\": 99999999999999999999}]"),
                "must be a whole number"
            ),
            (question("\"answers\": [{\"text\": \"Ada\", \"answer_start\": \"0\"}]"), "expected a number"),
            (question("\"question\": \"\\ud83d\""), "lone surrogate"),
            (good + "x", "there is more after the end of the document"),
        ])
    func message(text: String, expected: String) throws {
        let error = try #require(failure(text.utf8))
        #expect(error.message.contains(expected), "\(error)")
        #expect(error.description == "sample.json: \(error.message)")
        #expect(!error.isMissing)
    }

    @Test("Documents one after another, as JSON lines have them, are told from rows")
    func jsonLines() throws {
        let error = try #require(failure((Self.good + "\n" + Self.good).utf8))
        #expect(error.message.contains("if this is JSON lines, put the articles into one SQuAD object"))
        #expect(error.message.contains("line 2, column 1"))
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
            (question(#""question": "Who?", "answers": []"#), "article 1, paragraph 1, question 1 has no \"id\""),
            (question(#""id": "q1", "answers": []"#), "article 1, paragraph 1, question q1 has no \"question\""),
            (question(#""id": "q1", "question": "Who?""#), "article 1, paragraph 1, question q1 has no \"answers\""),
            (question(#""answers": [{"answer_start": 0}]"#), "article 1, paragraph 1, question 1 has no \"text\""),
            (question(#""answers": [{"text": "Ada"}]"#), "article 1, paragraph 1, question 1 has no \"answer_start\""),
        ])
    func missingField(text: String, expected: String) throws {
        let error = try #require(failure(text.utf8))
        #expect(error.message.contains(expected + "; a SQuAD file is an object"), "\(error)")
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
            #"{"context": "A café \ud83d\ude00 here", "qas": [{"id": "q", "question": "?", "answers": [{"text": "A", "answer_start": 0}]}]}"#
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
