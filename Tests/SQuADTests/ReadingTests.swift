import Foundation
import SQuAD
import Testing

@Suite("Reading datasets")
struct ReadingTests {
    @Test("A file of version 1.1 is read in order")
    func version1() throws {
        let sample = try dataset(
            """
            {"data": [{"title": "One", "paragraphs": [{"context": "Ada wrote it.", "qas": [
              {"answers": [{"answer_start": 0, "text": "Ada"}, {"answer_start": 4, "text": "wrote"}], \
            "question": "Who?", "id": "q1"},
              {"answers": [{"answer_start": 10, "text": "it"}], "question": "What?", "id": "q2"}]}]},
              {"title": "Two", "paragraphs": []}], "version": "1.1"}
            """)
        let questions = [
            Question(
                id: "q1", question: "Who?",
                answers: [AnswerSpan(text: "Ada", start: 0), AnswerSpan(text: "wrote", start: 4)]),
            Question(id: "q2", question: "What?", answers: [AnswerSpan(text: "it", start: 10)]),
        ]
        let expected = Dataset(
            version: "1.1",
            articles: [
                Article(title: "One", paragraphs: [Paragraph(context: "Ada wrote it.", questions: questions)]),
                Article(title: "Two", paragraphs: []),
            ])
        #expect(sample == expected)
        #expect(sample.questionCount == 2)
        #expect(sample.paragraphCount == 1)
        #expect(sample.problems().isEmpty)
    }

    @Test("A file of version 2.0 keeps what is impossible and what only looks right")
    func version2() throws {
        let sample = try dataset(
            """
            {"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"qas": [
              {"question": "Who?", "id": "a", "answers": [{"text": "Ada", "answer_start": 0}], "is_impossible": false},
              {"plausible_answers": [{"text": "it", "answer_start": 10}], "question": "Why?", "id": "b", "answers": [],
               "is_impossible": true}], "context": "Ada wrote it."}]}]}
            """)
        let questions = sample.articles[0].paragraphs[0].questions
        #expect(sample.version == "v2.0")
        #expect(questions.map(\.isImpossible) == [false, true])
        #expect(questions[1].answers.isEmpty)
        #expect(questions[1].plausibleAnswers == [AnswerSpan(text: "it", start: 10)])
        #expect(sample.problems().isEmpty)
    }

    private let plain =
        #"{"version":"1.1","data":[{"title":"T","paragraphs":[{"context":"A caf\u00e9 \ud83d\ude00 here","qas":"#
        + "\n" + #"[{"id":"q","question":"Where?","answers":[{"text":"here","answer_start":9}]}]}]}]}"# + "\n"

    @Test("A byte order mark and Windows line ends make no difference")
    func encodings() throws {
        let expected = try dataset(plain)
        #expect(try dataset("\u{FEFF}" + plain) == expected)
        #expect(try dataset(plain.replacingOccurrences(of: "\n", with: "\r\n")) == expected)
    }

    @Test("Escapes and plain characters give the same text, and offsets count characters as Python does")
    func escapes() throws {
        let sample = try dataset(plain)
        #expect(Array(sample.articles[0].paragraphs[0].context.utf8) == Array("A caf\u{E9} \u{1F600} here".utf8))
        #expect(sample.problems().isEmpty)
    }

    @Test("Keys that SQuAD does not have are passed over at every level")
    func unknownKeys() throws {
        let sample = try dataset(
            """
            {"comment": {"deep": [1, {"x": null}]}, "data": [{"url": "u", "title": "T", "paragraphs": [{\
            "context": "Ada", "n": 1e3,
            "qas": [{"id": "q", "tags": ["x"], "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0, \
            "score": 0.5}]}],
            "document_id": 7}]}], "more": false}
            """)
        let expected = Question(id: "q", question: "Who?", answers: [AnswerSpan(text: "Ada", start: 0)])
        #expect(sample.version == nil)
        #expect(sample.articles[0].title == "T")
        #expect(sample.articles[0].paragraphs[0].questions == [expected])
    }

    @Test(
        "Ids and versions that are numbers are read as their digits",
        arguments: [("17", "17"), ("-1", "-1"), ("2.5", "2.5")])
    func numericIDs(written: String, read: String) throws {
        let sample = try dataset(
            """
            {"version": \(written), "data": [{"paragraphs": [{"context": "c",
            "qas": [{"id": \(written), "question": "q", "answers": []}]}]}]}
            """)
        #expect(sample.articles[0].paragraphs[0].questions[0].id.text == read)
        #expect(sample.version == read)
    }

    @Test("The training file is read without problems", .enabled(if: Outside.squad != nil, Outside.hint))
    func trainingFile() throws {
        let folder = try #require(Outside.squad)
        let train = try Dataset(path: folder.appendingPathComponent("train.json").path)
        #expect(train.articles.count == 36)
        #expect(train.questionCount == 8686)
        #expect(train.problems().isEmpty)
    }

    @Test("A file of 30 MB is read in under three seconds, by optimised code")
    func large() throws {
        let words = String(repeating: "The caf\u{E9} of the \\\"old\\\" town \\u00e9. ", count: 40)
        let question = #"{"id":"q","question":"Where is it?","answers":[{"text":"caf\u00e9","answer_start":4}]}"#
        let questions = Array(repeating: question, count: 5).joined(separator: ",")
        let paragraph = "{\"context\":\"\(words)\",\"qas\":[\(questions)]}"
        let count = 30_000_000 / paragraph.utf8.count + 1
        let paragraphs = Array(repeating: paragraph, count: count).joined(separator: ",")
        let bytes = Array("{\"data\":[{\"title\":\"T\",\"paragraphs\":[\(paragraphs)]}]}".utf8)
        #expect(bytes.count >= 30_000_000)
        var sample = Dataset(articles: [])
        let time = try ContinuousClock().measure { sample = try Dataset(contents: bytes, path: "large.json") }
        #expect(sample.questionCount == 5 * count)
        // The sanitizers run unoptimised code.
        #if DEBUG
            let limit = Duration.seconds(60)
        #else
            let limit = Duration.seconds(3)
        #endif
        #expect(time < limit)
    }
}
