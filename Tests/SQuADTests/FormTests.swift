import Foundation
import Scratch
import SQuAD
import StrictJSON
import Testing

/// The forms that files of well-known datasets and tools have, in small; the texts are this project's own.
@Suite("Forms of datasets")
struct FormTests {
    private static let text = "The mill stands on the north bank since 1820."

    /// The question that every form holds.
    private func expectMill(_ dataset: Dataset, title: String = "", id: QuestionID = "m1") throws {
        #expect(dataset.questionCount == 1)
        #expect(dataset.articles.map(\.title) == [title])
        let paragraph = try #require(dataset.articles.first?.paragraphs.first)
        #expect(paragraph.context == Self.text)
        let answer = AnswerSpan(text: "the north bank", start: 19)
        #expect(paragraph.questions == [Question(id: id, question: "Where?", answers: [answer])])
        #expect(dataset.problems().isEmpty)
    }

    private static let question =
        #"{"id": "m1", "question": "Where?", "answers": [{"text": "the north bank", "answer_start": 19}]}"#
    private static let paragraph = #"{"context": "\#(text)", "qas": [\#(question)]}"#

    @Test(
        "paragraphs in a list, one a line or in data, and articles the same, are one dataset",
        arguments: [
            "[\(paragraph)]", paragraph, "{\"data\": [\(paragraph)]}", "{\"paragraphs\": [\(paragraph)]}",
            "[{\"paragraphs\": [\(paragraph)]}]", "{\"data\": [{\"data\": [\(paragraph)]}]}",
            "{\"DATA\": [{\"Paragraphs\": [\(paragraph.replacingOccurrences(of: "qas", with: "QAs"))]}]}",
            "{\"0\": \(paragraph)}",
        ])
    func containers(file: String) throws { try expectMill(try dataset(file)) }

    @Test("MRQA's header is passed over, and every place of a detected answer is an answer")
    func mrqa() throws {
        let file = """
            {"header": {"dataset": "Mills", "split": "dev"}}
            {"id": "", "context": "\(Self.text)", "context_tokens": [["The", 0]], "qas": [{"qid": "m1", \
            "question": "Where?",
              "question_tokens": [], "answers": ["north bank of the river"], "detected_answers":
              [{"text": "the north bank", "char_spans": [[19, 32]], "token_spans": [[4, 6]]}]}]}
            """
        try expectMill(try dataset(file))
        let twice = file.replacingOccurrences(of: "[[19, 32]]", with: "[[19, 32], [0, 13]]")
        let answers = try dataset(twice).articles[0].paragraphs[0].questions[0].answers
        #expect(answers.map(\.start) == [19, 0])
        let undetected = file.replacingOccurrences(of: "detected_answers", with: "other")
        #expect(try dataset(undetected).articles[0].paragraphs[0].questions[0].answers.map(\.start) == [-1])
        // Files of several sets have several headers.
        #expect(try dataset(file + "\n" + file).questionCount == 2)
    }

    @Test("CMRC's names, DRCD's ids beside answers and KorQuAD's single answer are read")
    func asian() throws {
        let cmrc = """
            [{"context_id": "T1", "context_text": "\(Self.text)", "title": "Mill",
              "qas": [{"query_id": "m1", "query_text": "Where?", "answers": ["the north bank", "north bank"]}]}]
            """
        let read = try dataset(cmrc)
        #expect(read.articles.map(\.title) == ["Mill"])
        let question = try #require(read.articles.first?.paragraphs.first?.questions.first)
        #expect(question.id == "m1" && question.question == "Where?" && question.answers.map(\.start) == [-1, -1])
        let drcd = """
            {"version": "1.3", "data": [{"title": "Mill", "id": "9", "paragraphs": [{"id": "9-1", \
            "context": "\(Self.text)",
              "qas": [{"id": "m1", "question": "Where?", "answers": [{"id": "1", "text": "the north bank", \
            "answer_start": 19}]}]}]}]}
            """
        try expectMill(try dataset(drcd), title: "Mill")
        let korquad = """
            {"version": "2", "data": [{"title": "Mill", "url": "u", "context": "\(Self.text)", "raw_html": "<p>", \
            "qas": [{"id": "m1",
              "question": "Where?", "answer": {"text": "the north bank", "answer_start": 19, "html_answer_text": "x",
              "html_answer_start": 4}}]}]}
            """
        try expectMill(try dataset(korquad), title: "Mill")
    }

    @Test("what annotation tools export is read: without ids, with null, with tasks")
    func annotationTools() throws {
        let export = """
            {"data": [{"title": null, "paragraphs": [{"document_id": 5, "context": "\(Self.text)", "qas": [
              {"question": "Where?", "id": 61, "is_impossible": false, "answers": [{"answer_id": 1, "document_id": 5, \
            "question_id": 61,
               "text": "the north bank", "answer_start": 19, "answer_end": 33, "answer_category": null}]}]},
              {"context": "Nobody looked at this.", "qas": []}]}]}
            """
        let read = try dataset(export)
        #expect(read.articles[0].paragraphs[0].questions[0].id == "61" && read.problems().isEmpty)
        let nameless = try dataset(
            """
            {"data": [{"paragraphs": [{"context": "\(Self.text)", "qas": [{"question": "Where?", \
            "answers": [{"answer_start": 19,
              "text": "the north bank"}]}, {"id": "", "question": "Since when?", "answers": []}, {"id": "x", \
            "question": "?"}]}]}]}
            """)
        #expect(nameless.articles[0].paragraphs[0].questions.map(\.id) == ["1", "2", "x"])
        #expect(nameless.namelessQuestions == 2)
        let task = """
            [{"id": 7, "data": {"text": "\(Self.text)", "question": "Where?"}, "annotations": [
              {"was_cancelled": true, "result": [{"value": {"start": 0, "end": 3, "text": "The"}}]},
              {"result": [{"value": {"start": 19, "end": 33, "text": "the north bank", "labels": ["Answer"]}}]}]}]
            """
        try expectMill(try dataset(task), id: "7")
        let flat =
            #"""
            [{"id": 7, "text": "\#(Self.text)", "question": "Where?", "answer": [{"start": 19, "end": 33, \#
            "text": "the north bank"}]}]
            """#
        try expectMill(try dataset(flat), id: "7")
    }

    @Test(
        "offsets are numbers, numbers with a point, texts of them, or lists of them that are texts",
        arguments: ["19", "19.0", "\"19\"", "\" 19.0 \"", "[19]", "[\"19\"]", "\"[19]\"", "\"[ 19 ]\""])
    func offsets(start: String) throws {
        try expectMill(
            try dataset(
                #"""
                {"ID": "m1", "Context": "\#(Self.text)", "Question": "Where?", "Answer": "the north bank", \#
                "Answer-Start": \#(start)}
                """#
            ))
        let text = start.hasPrefix("[") || start.hasPrefix("\"[") ? "[\"the north bank\"]" : "\"the north bank\""
        try expectMill(
            try dataset(
                #"""
                {"id": "m1", "context": "\#(Self.text)", "question": "Where?", "answers": {"text": \#(text), \#
                "answer_start": \#(start)}}
                """#
            ))
    }

    @Test(
        "offsets that are missing are unknown",
        arguments: ["", ", \"answer_start\": null", ", \"answer_start\": \"\"", ", \"answer_start\": \"nan\""])
    func missingOffsets(member: String) throws {
        let file =
            #"""
            {"data": [{"paragraphs": [{"context": "by Ada", "qas": [{"id": 1, "question": "?", \#
            "answers": [{"text": "Ada"\#(member)}]}]}]}]}
            """#
        #expect(
            try dataset(file).articles[0].paragraphs[0].questions[0].answers == [AnswerSpan(text: "Ada", start: -1)])
    }

    @Test(
        "no answer is said by an empty list, by an empty answer, by a word, by plausible answers",
        arguments: [
            #""answers": []"#, #""answers": {}"#, #""answers": {"text": [], "answer_start": []}"#, #""answers": "[]""#,
            #""answers": [{"text": "", "answer_start": -1}]"#, #""answers": {"text": [""], "answer_start": [-1]}"#,
            #""answers": [{"text": null, "answer_start": null}]"#, #""answers": {"text": "", "answer_start": 0}"#,
            #""answers": [{"text": " ", "answer_start": 0}]"#, #""answer": null, "answer_start": -1"#,
            #""answers": [], "is_impossible": "True""#, #""is_impossible": "yes""#, #""is_impossible": 1"#,
            #""answers": [{"text": "", "answer_start": 12}], "is_impossible": true"#,
            #""answers": null, "is_impossible": "1.0", "plausible_answers": null"#,
            #""plausible_answers": [{"text": "Ada", "answer_start": 3}]"#,
        ])
    func noAnswer(members: String) throws {
        for file in [
            #"{"context": "by Ada", "question": "?", \#(members)}"#,
            #"{"data": [{"paragraphs": [{"context": "by Ada", "qas": [{"id": "1", "question": "?", \#(members)}]}]}]}"#,
        ] {
            let read = try dataset(file)
            let question = try #require(read.articles.first?.paragraphs.first?.questions.first)
            #expect(question.isImpossible == true && question.answers.isEmpty)
            #expect(read.problems().isEmpty, "\(read.problems())")
            #expect(read.hasImpossibleQuestions && DatasetExtent(read).isUnlabelled == false)
        }
    }

    @Test(
        "is_impossible as a word that says no, or nothing, leaves the answer",
        arguments: ["false", "0", "No", "", "nan"])
    func possible(word: String) throws {
        let read = try dataset(
            #"{"context": "by Ada", "question": "?", "answer": "Ada", "answer_start": 3, "is_impossible": "\#(word)"}"#)
        #expect(read.problems().isEmpty && read.questionCount == 1)
        #expect(read.articles[0].paragraphs[0].questions[0].isImpossible == (["", "nan"].contains(word) ? nil : false))
    }

    @Test("questions without answers are read, written and read again as they are")
    func unlabelled() throws {
        let read = try dataset(
            #"""
            {"version": "t", "data": [{"title": "", "paragraphs": [{"context": "c", "qas": [{"id": "1", \#
            "question": "?"}]}]}]}
            """#
        )
        let question = try #require(read.articles.first?.paragraphs.first?.questions.first)
        #expect(!question.isLabelled && question.isImpossible == nil)
        #expect(DatasetExtent(read).isUnlabelled && !read.isVersion2)
        #expect(try Dataset(contents: Array(read.json().serialized().utf8), path: "again") == read)
        try withTemporaryFolder { folder in
            let (source, output) = (folder.path + "/in.csv", folder.path + "/out.json")
            try "context,question\nc,?\nc,why?\n".write(toFile: source, atomically: true, encoding: .utf8)
            let summary = try DatasetConversion.convert(source, to: output, repairing: true)
            #expect(summary.questions == 2 && summary.changes.isEmpty && summary.problems.isEmpty)
            #expect(try DatasetExtent(path: output).isUnlabelled)
        }
    }

    @Test(
        "a file that is none of them is told which fields it has and which form is nearest",
        arguments: [
            (
                #"{"contex": "c", "question": "?"}"#,
                "row 1 has no \"context\"; its fields are \"contex\", \"question\" (\"contex\" may be meant as "
                    + "\"context\"); the closest supported format is a row {"
            ),
            (#"[{"Context": "c", "questionz": "?"}]"#, "(\"questionz\" may be meant as \"question\")"),
            (#"{"train": [], "dev": []}"#, "row 1 has no \"context\"; its fields are \"train\", \"dev\"; the closest"),
            (
                #"{"data": [{"title": "t", "paragraph": []}]}"#,
                "article 1 has no \"paragraphs\"; its fields are \"title\", \"paragraph\" (\"paragraph\" may be "
                    + "meant as \"paragraphs\"); the closest supported format is SQuAD's document {"
            ),
            (
                #"{"data": [{"paragraphs": [{"context": "c", "qa_list": []}]}]}"#,
                "article 1, paragraph 1 has no \"qas\"; its"
            ),
            (#"[["c", "?"]]"#, "rows are lists of 2 values without names, which are read only as \"id\", \"title\""),
            (#"{"data": [["c", "?"]]}"#, "no list \"columns\" of strings names their fields"),
            (
                #"{"context": ["a", "b"], "question": ["?"]}"#,
                "the columns differ in length: \"question\" ends before row 2"
            ),
            (
                #"{"context": {"0": "a"}, "question": {"1": "?"}}"#,
                "row 1 is named \"0\" and \"1\" in different columns"
            ),
            (
                #"{"columns": ["context"], "data": [["c"]]}"#,
                "the table has no \"question\"; its fields are \"context\""
            ),
            (#"[["context", "question"], ["c"]]"#, "row 1 has 1 fields, and there are 2 columns"),
            (#"{"context": ["a"], "question": [3]}"#, "row 1: \"question\" must be a string"),
        ])
    func none(file: String, message: String) throws {
        let error = try #require(failure(file.utf8))
        #expect(error.message.contains(message), "\(error)")
        #expect(error.message.hasPrefix("line 1, column "), "\(error)")
    }

    @Test("every form is refused or read to the end when it is cut off anywhere, and never traps")
    func truncated() throws {
        let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures/rows")
        for file in [
            "split.json", "index.json", "columns.json", "table.json", "values.json", "flat.csv", "printed.jsonl",
        ] {
            let bytes = Array(try Data(contentsOf: folder.appendingPathComponent(file)))
            for count in stride(from: 0, to: bytes.count - 1, by: 11) {
                guard let read = try? Dataset(contents: Array(bytes[..<count]), path: file) else { continue }
                #expect(read.questionCount <= 5)
            }
        }
    }
}
