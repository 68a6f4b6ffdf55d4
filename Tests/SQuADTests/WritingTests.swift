import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Writing datasets and predictions")
struct WritingTests {
    private let sample = Dataset(
        version: "v2.0",
        articles: [
            Article(
                title: "\"Caf\u{E9}\"\n\u{1F600}",
                paragraphs: [
                    Paragraph(
                        context: "e\u{301} \u{E9} \\ \u{0} \u{2028} Ada",
                        questions: [
                            Question(id: "a", question: "Who?", answers: [AnswerSpan(text: "Ada", start: 11)]),
                            Question(
                                id: "b", question: "Why?", answers: [], isImpossible: true,
                                plausibleAnswers: [AnswerSpan(text: "\u{E9}", start: 3)]),
                            Question(
                                id: "c", question: "Wrong", answers: [AnswerSpan(text: "", start: 5)],
                                isImpossible: false,
                                plausibleAnswers: []),
                        ]),
                    Paragraph(context: "", questions: []),
                ]),
            Article(title: "", paragraphs: []),
        ])

    @Test("A dataset written and read back is the same, byte for byte")
    func roundTrip() throws {
        try withTemporaryFolder { folder in
            for version in ["1.1", nil] {
                var written = sample
                written.version = version
                let path = folder.appendingPathComponent("sample.json").path
                try written.write(to: path)
                let read = try Dataset(path: path)
                #expect(read == written)
                #expect(read.json().serialized().utf8.elementsEqual(written.json().serialized().utf8))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["sample.json"])
        }
    }

    @Test("The development file written and read back is the same", .enabled(if: Outside.squad != nil, Outside.hint))
    func developmentFile() throws {
        let source = try #require(Outside.squad)
        let dev = try Dataset(path: source.appendingPathComponent("dev.json").path)
        #expect(try Dataset(contents: Array(dev.json().serialized(pretty: true).utf8), path: "dev.json") == dev)
    }

    @Test("A file that cannot be written is named")
    func unwritable() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("none/sample.json").path
            let first = #expect(throws: DatasetError.self) { try sample.write(to: path) }
            #expect(first?.description.hasPrefix("\(path): cannot be written: ") == true)
            let second = #expect(throws: DatasetError.self) { try Predictions(["a": "b"]).write(to: path) }
            #expect(second?.description.hasPrefix("\(path): cannot be written: ") == true)
        }
    }

    @Test("Predictions are written in the order of their ids and read back the same")
    func predictions() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("predictions.json")
            let predictions = Predictions([
                "b": "caf\u{E9} \"x\"", "a": "", "B": "\u{1F600}\n", "10": "ten", "9": "nine",
            ])
            try predictions.write(to: url.path)
            #expect(try Predictions(path: url.path) == predictions)
            let expected = """
                {
                  "10": "ten",
                  "9": "nine",
                  "B": "\u{1F600}\\n",
                  "a": "",
                  "b": "caf\u{E9} \\"x\\""
                }

                """
            #expect(try Data(contentsOf: url) == Data(expected.utf8))
            try Predictions([:]).write(to: url.path)
            #expect(try Predictions(path: url.path).answers.isEmpty)
        }
    }

    @Test(
        "A prediction file of another shape is refused",
        arguments: [
            ("", "line 1, column 1: the file is empty"),
            ("[]", "a prediction file is an object {\"question id\": \"answer text\"}"),
            ("{\"q1\": \"a\", \"q2\": [\"a\"]}", "the prediction for question q2 is not a string"),
            ("{\"q1\": null}", "the prediction for question q1 is not a string"),
            ("{\"q1\": \"a\", \"q1\": \"b\"}", "has the key \"q1\" twice"),
            ("{\"q1\": \"a\"", "line 1, column 11: the file ends"),
            ("{\"q1\": \"a\"}\n{}", "line 2, column 1: there is more"),
        ])
    func wrongShape(text: String, expected: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("predictions.json")
            try Data(text.utf8).write(to: url)
            let error = #expect(throws: DatasetError.self) { try Predictions(path: url.path) }
            #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
            #expect(error?.path == url.path)
        }
    }

    @Test("A missing prediction file is told apart")
    func missing() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("none.json").path
            let error = #expect(throws: DatasetError.self) { try Predictions(path: path) }
            #expect(error?.isMissing == true)
        }
    }
}
