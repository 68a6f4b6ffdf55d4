import Foundation
import SQuAD
import Testing

@Suite("Flat rows")
struct RowTests {
    private static let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures/rows")

    @Test(
        "What the datasets library and pandas write is read as the SQuAD document of the same questions",
        arguments: [
            "lines.jsonl", "lines.jsonl.gz", "list.json", "data.json", "rows.csv", "rows.tsv", "split.json",
            "index.json",
            "columns.json", "table.json", "values.json", "lists.json", "flat.jsonl", "flat.csv", "printed.jsonl",
        ])
    func otherTools(file: String) throws {
        let expected = try Dataset(path: Self.folder.appendingPathComponent("squad.json").path)
        let read = try Dataset(path: Self.folder.appendingPathComponent(file).path)
        #expect(read.articles == expected.articles)
        #expect(read.problems().isEmpty)
        #expect(read.isVersion2)
        // Byte for byte: Swift's comparison equates normalisations.
        #expect(
            read.articles.map { $0.paragraphs.map { Array($0.context.utf8) } }
                == expected.articles.map { $0.paragraphs.map { Array($0.context.utf8) } })
    }

    @Test(
        "Answers are read in every form that they come in",
        arguments: [
            #""answers": {"text": ["Ada"], "answer_start": [3]}"#, #""answers": [{"text": "Ada", "answer_start": 3}]"#,
            #""answers": {"text": "Ada", "answer_start": 3}"#, #""answers": ["Ada"], "answer_start": [3]"#,
            #""answer": "Ada", "answer_start": 3"#, #""answer_text": "Ada", "answer_start": 3.0"#,
            #""answer": {"text": "Ada", "answer_start": 3}, "is_impossible": null"#,
        ])
    func forms(answers: String) throws {
        let read = try dataset(#"{"id": 7, "context": "by Ada", "question": "Who?", \#(answers), "other": [1]}"#)
        let question = try #require(read.articles.first?.paragraphs.first?.questions.first)
        #expect(question == Question(id: "7", question: "Who?", answers: [AnswerSpan(text: "Ada", start: 3)]))
    }

    @Test(
        "An answer without an offset gets -1, which the problems tell of",
        arguments: [
            #""answers": {"text": ["Ada"]}"#, #""answers": {"text": ["Ada"], "answer_start": [null]}"#,
            #""answers": {"text": ["Ada"], "answer_start": null}"#, #""answers": [{"text": "Ada"}]"#,
            #""answer": "Ada""#, #""answer": "Ada", "answer_start": -1"#,
        ])
    func unknownOffset(answers: String) throws {
        let read = try dataset(#"[{"context": "by Ada", "question": "Who?", \#(answers)}]"#)
        let problem = try #require(read.problems().first)
        #expect(problem.kind == .negativeOffset)
        #expect(problem.message == "answer \"Ada\" has no offset; it is at 3")
    }

    @Test("An offset without words is refused: the label would be lost", arguments: ["3", "[3]", "\"3\""])
    func offsetAlone(start: String) throws {
        let error = try #require(throws: (any Error).self) {
            try dataset(#"[{"context": "by Ada", "question": "Who?", "answer_start": \#(start), "answer_end": 6}]"#)
        }
        #expect("\(error)".contains("no field has the answer's words"))
        let none = try dataset(#"[{"context": "by Ada", "question": "Who?", "answer_text": "", "answer_start": 0}]"#)
        #expect(none.articles.first?.paragraphs.first?.questions.first?.isImpossible == true)
    }

    @Test("A row without answers has none; an empty list says that there is none")
    func noAnswers() throws {
        func question(_ answers: String) throws -> Question {
            let read = try dataset(#"{"context": "by Ada", "question": "Who?"\#(answers)}"#)
            return try #require(read.articles.first?.paragraphs.first?.questions.first)
        }
        #expect(try question("").isImpossible == nil)
        #expect(try question(#", "answers": null"#).isImpossible == nil)
        #expect(try question(#", "answers": {"text": [], "answer_start": []}"#).isImpossible == true)
        #expect(try question(#", "answers": []"#).isImpossible == true)
        #expect(try question(#", "answers": [], "is_impossible": false"#).isImpossible == false)
        #expect(try question("").answers.isEmpty)
    }

    @Test("Rows that follow one another are one paragraph, and one article, by what they say themselves")
    func groups() throws {
        func row(_ context: String, _ title: String?) -> String {
            #"{"context": "\#(context)", "question": "?", "title": \#(title.map { "\"\($0)\"" } ?? "null")}"#
        }
        let titled = try dataset(
            [row("a", "x"), row("a", "x"), row("b", "x"), row("b", "y"), row("a", "x")].joined(separator: "\n"))
        #expect(titled.articles.map(\.title) == ["x", "y", "x"])
        #expect(titled.articles.map { $0.paragraphs.map(\.context) } == [["a", "b"], ["b"], ["a"]])
        #expect(titled.articles[0].paragraphs.map(\.questions.count) == [2, 1])
        let ids = titled.articles.flatMap(\.paragraphs).flatMap(\.questions).map(\.id)
        #expect(ids == ["1", "2", "3", "4", "5"])
        // Without titles nothing but the text says what belongs together.
        let untitled = try dataset([row("a", nil), row("a", nil), row("b", nil)].joined(separator: " "))
        #expect(untitled.articles.map { $0.paragraphs.map(\.questions.count) } == [[2], [1]])
    }

    @Test("Contexts that differ only in Unicode normalisation are two")
    func normalisation() throws {
        let rows = ["caf\u{E9}", "cafe\u{301}"].map { #"{"context": "\#($0)", "question": "?"}"# }
        #expect(try dataset(rows.joined(separator: "\n")).paragraphCount == 2)
    }

    @Test(
        "What is wrong with a row is said with its number, its id and its line",
        arguments: [
            ("[]", "the file has no questions"), ("{\"data\": [], \"version\": \"1\"}", "the file has no questions"),
            ("[3]", "line 1, column 2: expected an object"),
            (
                "[{\"question\": \"?\"}]",
                "line 1, column 2: row 1 has no \"context\"; its fields are \"question\"; the closest"
            ),
            (
                "{\"context\": \"c\", \"question\": \"?\"}\n{\"context\": \"c\", \"id\": \"q7\"}",
                "line 2, column 1: row 2 (q7) has no \"question\""
            ),
            (
                row(#""answers": {"text": ["a", "b"], "answer_start": [1]}"#),
                "row 1: the number of answers, 2, differs from that of their answer_start, 1"
            ),
            (row(#""answers": {"answer_start": [1]}"#), "row 1: \"answers\" has no \"text\""),
            (row(#""answers": {"text": [true], "answer_start": [1]}"#), "row 1: an answer's text must be a string"),
            (row(#""answer": "a", "answer_start": 0.5"#), "row 1: answer_start must be a whole number"),
            (row(#""answer": "a", "answer_start": "first""#), "row 1: answer_start must be a whole number"),
            (row(#""answer": "a", "answer_start": 1e300"#), "row 1: answer_start must be a whole number"),
            (row(#""is_impossible": 3"#), "row 1: \"is_impossible\" must be true or false, not 3"),
            (row(#""title": []"#), "\"title\" must be a string"),
            (row("\"id\": \"1\"") + "x", "line 1, column 45: expected a value"),
            ("[" + row("\"id\": \"1\"") + "] 1", "there is more after the end of the document"),
            (
                "{\"data\": [\(row("\"id\": \"1\""))], \"data\": []}", "\"data\" is repeated here"
            ),
        ])
    func wrong(text: String, expected: String) throws {
        let error = try #require(failure(text.utf8))
        #expect(error.message.contains(expected), "\(error)")
    }

    private static func row(_ members: String) -> String { #"{"context": "c", "question": "?", \#(members)}"# }

    @Test("A file cut off anywhere is refused, or has fewer rows, and never traps")
    func truncated() throws {
        let bytes = Array(try Data(contentsOf: Self.folder.appendingPathComponent("list.json")))
        for count in 0..<(bytes.count - 1) { #expect(failure(bytes[..<count]) != nil, "cut off after \(count) bytes") }
        for file in ["lines.jsonl", "rows.csv"] {
            let bytes = Array(try Data(contentsOf: Self.folder.appendingPathComponent(file)))
            for count in 0..<(bytes.count - 1) {
                guard let read = try? Dataset(contents: Array(bytes[..<count]), path: file) else { continue }
                #expect(read.questionCount <= 5)
            }
        }
    }

    @Test("Rows are walked through a paragraph at a time")
    func stream() throws {
        let path = Self.folder.appendingPathComponent("rows.csv").path
        var stream = try ParagraphStream(path: path)
        var paragraphs: [Paragraph] = []
        while let paragraph = try stream.next() { paragraphs.append(paragraph) }
        #expect(paragraphs == (try Dataset(path: path)).articles.flatMap(\.paragraphs))
        #expect(stream.articleCount == 3 && stream.bytesRead == stream.byteCount)
        #expect(try DatasetExtent(path: path).questions == 5)
    }
}
