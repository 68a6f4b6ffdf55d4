import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Repairing datasets")
struct RepairTests {
    private typealias Kind = DatasetRepair.Change.Kind

    private func repaired(_ context: String, _ answers: [AnswerSpan]) -> (Question?, [DatasetRepair.Change]) {
        var repair = DatasetRepair()
        let question = Question(id: "q", question: "?", answers: answers)
        let (paragraph, changes) = repair.repair(Paragraph(context: context, questions: [question]))
        return (paragraph.questions.first, changes)
    }

    @Test(
        "An answer goes to where the text has it, in the text's own words",
        arguments: [
            ("one two one", AnswerSpan(text: "one", start: 0), AnswerSpan(text: "one", start: 0), Kind?.none),
            ("one two one", AnswerSpan(text: "one", start: 7), AnswerSpan(text: "one", start: 0), .ambiguous),
            ("one two one", AnswerSpan(text: "two", start: 3), AnswerSpan(text: "two", start: 4), .moved),
            ("one two one", AnswerSpan(text: "one", start: Int.max), AnswerSpan(text: "one", start: 0), .ambiguous),
            ("one two one", AnswerSpan(text: "two", start: -1), AnswerSpan(text: "two", start: 4), .moved),
            ("one two one", AnswerSpan(text: "one", start: -1), AnswerSpan(text: "one", start: 0), .ambiguous),
            ("the NATO pact", AnswerSpan(text: "nato", start: 4), AnswerSpan(text: "NATO", start: 4), .reworded),
            (
                "in New\u{A0} York", AnswerSpan(text: " new york ", start: 2),
                AnswerSpan(text: "New\u{A0} York", start: 3),
                .reworded
            ),
            (
                "a cafe\u{301}!", AnswerSpan(text: "CAF\u{C9}", start: -1), AnswerSpan(text: "cafe\u{301}", start: 2),
                .reworded
            ),
            (
                "a caf\u{E9}!", AnswerSpan(text: "cafe\u{301}", start: 0), AnswerSpan(text: "caf\u{E9}", start: 2),
                .reworded
            ),
            (
                "a q\u{323}\u{307}!", AnswerSpan(text: "Q\u{307}\u{323}", start: 0),
                AnswerSpan(text: "q\u{323}\u{307}", start: 2), .reworded
            ),
            (
                "a q\u{307}\u{323}!", AnswerSpan(text: "q\u{323}\u{307}", start: 0),
                AnswerSpan(text: "q\u{307}\u{323}", start: 2), .reworded
            ),
            ("Ab ab AB", AnswerSpan(text: "aB", start: -1), AnswerSpan(text: "Ab", start: 0), .ambiguous),
            ("Ab ab AB", AnswerSpan(text: "aB", start: 5), AnswerSpan(text: "Ab", start: 0), .ambiguous),
            ("Ab ab AB", AnswerSpan(text: "aB", start: 6), AnswerSpan(text: "AB", start: 6), .reworded),
            ("Ab ab AB", AnswerSpan(text: " aB", start: 5), AnswerSpan(text: "AB", start: 6), .reworded),
            (
                "so \u{201C}it\u{2019}s\u{201D} \u{2014} said", AnswerSpan(text: "\"it's\" - said", start: 0),
                AnswerSpan(text: "\u{201C}it\u{2019}s\u{201D} \u{2014} said", start: 3), .reworded
            ),
            (
                "the \u{FB01}ne \u{FB02}ag", AnswerSpan(text: "fine flag", start: 4),
                AnswerSpan(text: "\u{FB01}ne \u{FB02}ag", start: 4), .reworded
            ),
            (
                "a co\u{AD}op\u{200B}er\u{2060}a\u{FEFF}tion, 3\u{202F}kg",
                AnswerSpan(text: "cooperation, 3 kg", start: 2),
                AnswerSpan(text: "co\u{AD}op\u{200B}er\u{2060}a\u{FEFF}tion, 3\u{202F}kg", start: 2), .reworded
            ),
            (
                "a cooperation", AnswerSpan(text: "co\u{AD}operation", start: 2),
                AnswerSpan(text: "cooperation", start: 2), .reworded
            ),
            (
                "wait\u{2026} now", AnswerSpan(text: "wait...", start: 0), AnswerSpan(text: "wait\u{2026}", start: 0),
                .reworded
            ),
        ])
    func placed(context: String, answer: AnswerSpan, expected: AnswerSpan, kind: DatasetRepair.Change.Kind?) throws {
        let (question, changes) = repaired(context, [answer])
        let placed = try #require(question?.answers.first)
        #expect(placed.start == expected.start)
        #expect(Array(placed.text.unicodeScalars) == Array(expected.text.unicodeScalars))
        #expect(changes.map(\.kind) == (kind.map { [$0] } ?? []))
        #expect(dataset(context: context, question: try #require(question)).problems().isEmpty)
    }

    @Test(
        "An accent or a letter that is cut in two is no match",
        arguments: [
            ("cafe\u{301}", "cafe"), ("CAFE\u{301}", "cafe"), ("e\u{301}\u{323}x", "\u{323}X"), ("caf\u{E9}", "cafe"),
            ("\u{1E9E}", "s"), ("\u{D55C}", "\u{1112}"),
        ])
    func parts(context: String, text: String) {
        let (question, changes) = repaired(context, [AnswerSpan(text: text, start: 0)])
        // Scalar by scalar the decomposed word does begin with the plain one.
        if context.unicodeScalars.starts(with: text.unicodeScalars) {
            #expect(question?.answers == [AnswerSpan(text: text, start: 0)])
        } else {
            #expect(question == nil)
            #expect(changes.map(\.kind) == [.leftOut])
        }
    }

    @Test("An answer that the text does not have is taken away, and the question with its last one")
    func absent() {
        let (question, changes) = repaired(
            "by Ada",
            [AnswerSpan(text: "Bob", start: 0), AnswerSpan(text: "Ada", start: 0), AnswerSpan(text: "", start: 0)])
        #expect(question?.answers == [AnswerSpan(text: "Ada", start: 3)])
        #expect(changes.map(\.kind) == [.answerRemoved, .moved, .answerRemoved])
        let (none, left) = repaired("by Ada", [AnswerSpan(text: "Bob", start: -1)])
        #expect(none == nil)
        #expect(
            left.map(\.description) == [
                "question q: left out: answer \"Bob\" has no offset; the context does not contain it"
            ])
    }

    @Test("What remains of any dataset has no problems")
    func clean() throws {
        let good = AnswerSpan(text: "Ada", start: 3)
        func question(_ id: QuestionID, _ answers: [AnswerSpan], _ isImpossible: Bool? = nil, text: String = "?")
            -> Question
        {
            Question(id: id, question: text, answers: answers, isImpossible: isImpossible, plausibleAnswers: [])
        }
        let questions = [
            question("a", [AnswerSpan(text: "none", start: 0)]), question("a", [good]), question("a", [good]),
            question("b", [good], text: " "),
            question("c", []), question("d", [], true), question("e", [good], true), question("", [good]),
            question("f", [AnswerSpan(text: "ADA", start: 99)], false),
        ]
        var repair = DatasetRepair()
        let (paragraph, changes) = repair.repair(Paragraph(context: "by Ada", questions: questions))
        #expect(paragraph.questions.map(\.id) == ["a", "d", "f"])
        #expect(changes.map(\.kind) == [.leftOut, .leftOut, .leftOut, .leftOut, .leftOut, .leftOut, .reworded])
        #expect(Dataset(articles: [Article(title: "", paragraphs: [paragraph])]).problems().isEmpty)
        #expect(repair.repair(Paragraph(context: " ", questions: [question("g", [good])])).paragraph.questions.isEmpty)
    }
}

@Suite("Converting datasets")
struct ConversionTests {
    private func converted(
        _ text: String, repairing: Bool, _ body: (DatasetConversion.Summary, Dataset) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let (source, output) = (folder.path + "/in", folder.path + "/out.json")
            try text.write(toFile: source, atomically: true, encoding: .utf8)
            let summary = try DatasetConversion.convert(source, to: output, repairing: repairing)
            try body(summary, Dataset(path: output))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["in", "out.json"])
        }
    }

    private static let table =
        "title,context,question,answer,answer_start\nx,by Ada,Who?,Ada,0\nx,c,?,none,0\ny,d,?,none,-1\ny,d,?,D,5\n"

    @Test("A table becomes a SQuAD document with the same questions")
    func plain() throws {
        try converted(Self.table, repairing: false) { summary, written in
            #expect(written.version == "1.1")
            let articles = try dataset(Self.table).articles
            #expect(written.articles == articles)
            #expect((summary.articles, summary.paragraphs, summary.questions) == (2, 3, 4))
            #expect(summary.problems.map(\.questionID) == ["1", "2", "3", "4"] && summary.changes.isEmpty)
        }
    }

    @Test("Repaired, texts and articles without a question are gone")
    func repaired() throws {
        try converted(Self.table, repairing: true) { summary, written in
            #expect(written.articles.map(\.title) == ["x", "y"])
            #expect(written.articles.map { $0.paragraphs.map(\.context) } == [["by Ada"], ["d"]])
            #expect((summary.articles, summary.paragraphs, summary.questions) == (2, 2, 2))
            #expect(summary.changes.map(\.kind) == [.moved, .leftOut, .leftOut, .reworded])
            #expect(summary.problems.isEmpty && written.problems().isEmpty)
        }
        try converted(#"{"context": "c", "question": "?", "answers": []}"#, repairing: true) { _, written in
            #expect(written.version == "2.0" && written.isVersion2)
        }
    }

    @Test("The development file converted is the same", .enabled(if: Outside.squad != nil, Outside.hint))
    func developmentFile() throws {
        let source = try #require(Outside.squad).appendingPathComponent("dev.json").path
        try withTemporaryFolder { folder in
            let output = folder.path + "/dev.json"
            let summary = try DatasetConversion.convert(source, to: output, repairing: true)
            #expect(summary.changes.isEmpty)
            #expect(try Dataset(path: output).articles == Dataset(path: source).articles)
        }
    }

    @Test("A file may be repaired in place; one that cannot be read, or of which nothing is left, stays as it was")
    func inPlace() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/data.json"
            try Self.table.write(toFile: path, atomically: true, encoding: .utf8)
            _ = try DatasetConversion.convert(path, to: path, repairing: true)
            let once = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(try DatasetConversion.convert(path, to: path, repairing: true).changes.isEmpty)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == once)
            for (text, message) in [
                (
                    "context,question,answer\nc,?,none\n",
                    "no usable question is left; the first: question 1: left out"
                ),
                ("context,question\nc,?\n\"c", "line 3: the quotes"), ("[]", "the file has no questions"),
            ] {
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                let error = #expect(throws: DatasetError.self) {
                    try DatasetConversion.convert(path, to: path, repairing: true)
                }
                #expect(error?.description.contains("\(path): \(message)") == true, "\(error.map { "\($0)" } ?? "")")
                #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["data.json"])
            }
        }
    }
}
