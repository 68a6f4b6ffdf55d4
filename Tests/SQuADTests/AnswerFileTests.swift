import Foundation
import SQuAD
import StrictJSON
import Testing

@Suite("Answers and references in the field's other forms")
struct AnswerFileTests {
    private func file<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private static let list = """
        [{"id": "a", "prediction_text": "one, \\"two\\"", "no_answer_probability": 0.25},
         {"id": 7, "prediction_text": "", "no_answer_probability": 1}]
        """
    private static let lines = """
        {"id": "a", "prediction_text": "one, \\"two\\"", "no_answer_probability": 0.25}
        {"prediction_text": "", "id": "7", "no_answer_probability": 1.0}
        """
    private static let table = "id,prediction_text,no_answer_probability\na,\"one, \"\"two\"\"\",0.25\n7,,1\n"
    private static let semicolons = "score;prediction_text;id;no_answer_probability\n3;one, \"two\";a;0.25\n4;;7;1\n"

    @Test("a list, lines and tables of entries are the same answers", arguments: [list, lines, table, semicolons])
    func forms(_ text: String) throws {
        let answers = try file(text) { try AnswerFile(path: $0) }
        #expect(answers.answers == ["a": "one, \"two\"", "7": ""])
        let odds = try #require(answers.noAnswer).entries
        #expect(odds.map(\.id) == ["a", "7"] && odds.map(\.probability) == [0.25, 1])
        #expect(try file(text) { try Predictions(path: $0) }.answers == answers.answers)
    }

    @Test("SQuAD's own object and entries without probabilities say nothing of them")
    func withoutProbabilities() throws {
        for text in [
            "{\"a\": \"x\"}", "[{\"id\": \"a\", \"prediction_text\": \"x\"}]",
            "{\"id\": \"a\", \"prediction_text\": \"x\"}", "prediction_text,id\nx,a\n",
            "[{\"id\": \"a\", \"prediction_text\": \"x\", \"no_answer_probability\": null}]",
        ] {
            let answers = try file(text) { try AnswerFile(path: $0) }
            #expect(answers.answers == ["a": "x"] && answers.noAnswer == nil, "\(text)")
        }
    }

    @Test(
        "what is none of the forms, or not whole, is refused with its place",
        arguments: [
            ("[]", "the list is empty"), ("[1]", "entry 1"), ("[{\"id\": \"a\"}]", "entry 1"),
            ("[{\"id\": \"a\", \"prediction_text\": 3}]", "\"prediction_text\""),
            ("{\"id\": \"a\", \"prediction_text\": \"x\"}\n{\"id\": \"b\"}", "line 2"),
            ("[{\"id\": \"a\", \"prediction_text\": \"x\", \"no_answer_probability\": \"1\"}]", "of question a"),
            (
                "[{\"id\": \"a\", \"prediction_text\": \"x\"}, "
                    + "{\"id\": \"b\", \"prediction_text\": \"x\", \"no_answer_probability\": 0}]", "only 1 of 2"
            ),
            ("id,prediction_text\na\n", "row 1 has 1 fields"), ("id,prediction_text\na,\"x\n", "never closed"),
            ("id,prediction_text,no_answer_probability\na,x,nan\n", "of question a"),
            ("id,text\na,x\n", "not a supported format"), ("", "the file is empty"),
        ])
    func refused(_ text: String, _ told: String) throws {
        let error = try #require(throws: DatasetError.self) { try file(text) { try AnswerFile(path: $0) } }
        #expect(error.message.contains(told), "\(error)")
    }

    @Test("what a line of answers holds is read back as it was", arguments: [AnswerFormat.jsonl, .csv])
    func readBack(_ format: AnswerFormat) throws {
        let texts = [
            "plain", "", "a,b", "a;b", "say \"so\"", "two\nlines", "cr\r\nlf", " spaces ", "tab\there", "-5 °C",
            "=1+1", "+44", "@home", "é e\u{301}", "\u{1F600}\u{200D}", "'", "\"",
        ]
        let rows = texts.enumerated().map { format.line("id,\($0)", $1, noAnswer: 0.1 * Double($0)) }
        let answers = try file(format.header + rows.joined()) { try AnswerFile(path: $0) }
        #expect(answers.answers == Dictionary(uniqueKeysWithValues: texts.enumerated().map { ("id,\($0)", $1) }))
        #expect(answers.noAnswer?.entries.map(\.probability) == texts.indices.map { 0.1 * Double($0) })
    }

    private static let dataset = Dataset(articles: [
        Article(
            title: "",
            paragraphs: [
                Paragraph(
                    context: "Ada lives in Rome.",
                    questions: [
                        Question(
                            id: "a", question: "where?",
                            answers: [AnswerSpan(text: "Rome", start: 13), AnswerSpan(text: "in Rome", start: 10)]),
                        Question(id: "a", question: "who?", answers: [AnswerSpan(text: "Ada", start: 0)]),
                    ])
            ])
    ])

    @Test("references lose texts and questions, and score as the dataset does", arguments: [false, true])
    func references(_ asLines: Bool) throws {
        var dataset = Self.dataset
        var none = Question(id: "n", question: "when?", answers: [])
        none.isImpossible = true
        dataset.articles[0].paragraphs[0].questions.append(none)
        let predictions: [QuestionID: String] = ["a": "in Rome", "a#2": "Bob", "n": ""]
        let list = MetricForms.references(of: dataset)
        let lines = try #require(list.array).map { $0.serialized() + "\n" }.joined()
        try file(asLines ? lines : list.serialized(pretty: true)) { path in
            let references = try Dataset(scoring: path)
            #expect(references.isVersion2 && references.questionCount == 3)
            let expected = SQuADMetrics.score(dataset, predictions: predictions)
            let found = SQuADMetrics.score(references, predictions: predictions)
            #expect(found == expected && found.exactMatch > 60)
        }
    }

    @Test("a dataset is read for scoring as for everything else")
    func datasets() throws {
        try file("") { path in
            try Self.dataset.write(to: path)
            #expect(try Dataset(scoring: path) == Self.dataset)
        }
        let row =
            """
            [{\"id\": \"a\", \"context\": \"x\", \"question\": \"y\", \
            \"answers\": {\"text\": [], \"answer_start\": []}}]
            """
        #expect(try file(row) { try Dataset(scoring: $0) }.articles[0].paragraphs[0].context == "x")
        let error = try #require(throws: DatasetError.self) {
            try file("[{\"id\": \"a\", \"answers\": {\"text\": [\"x\"], \"answer_start\": [0]}}, {\"id\": \"b\"}]") {
                try Dataset(scoring: $0)
            }
        }
        #expect(error.message.contains("reference 2"), "\(error)")
    }

    @Test("predictions have the fields of squad's metric, or of squad_v2's where questions may have no answer")
    func predictions() throws {
        let answers: [QuestionID: String] = ["a": "Rome", "a#2": "Ada"]
        #expect(
            MetricForms.predictions(answers, of: Self.dataset, noAnswer: nil)
                == [["id": "a", "prediction_text": "Rome"], ["id": "a#2", "prediction_text": "Ada"]])
        var dataset = Self.dataset
        dataset.articles[0].paragraphs[0].questions[0].isImpossible = false
        let odds = NoAnswerProbabilities([("a#2", 0.5)])
        #expect(
            MetricForms.predictions(["a#2": "Ada"], of: dataset, noAnswer: odds)
                == [["id": "a#2", "prediction_text": "Ada", "no_answer_probability": 0.5]])
    }
}
