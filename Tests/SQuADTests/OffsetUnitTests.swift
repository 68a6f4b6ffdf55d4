import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Offsets that count something else")
struct OffsetUnitTests {
    private static let text = "Caf\u{E9} \u{1F600} at 5\r\nopen, \u{1F34E} at 5\r\nclosed"

    /// Answers that stand at these characters of the text, with the offsets that a unit gives them.
    private func paragraph(_ places: [(String, Int)], _ unit: (Substring.UnicodeScalarView) -> Int) -> Paragraph {
        let scalars = Array(Self.text.unicodeScalars)
        let questions = places.enumerated().map { number, place in
            let before = String(String.UnicodeScalarView(scalars[..<place.1]))
            return Question(
                id: QuestionID("q\(number)"), question: "?",
                answers: [AnswerSpan(text: place.0, start: unit(Substring(before).unicodeScalars))])
        }
        return Paragraph(context: Self.text, questions: questions)
    }

    private static let places = [("Caf\u{E9}", 0), ("at 5", 7), ("open", 13), ("at 5", 21), ("closed", 27)]

    private static let units: [(name: String, count: @Sendable (Substring.UnicodeScalarView) -> Int)] = [
        ("characters", { $0.count }), ("utf16", { Substring($0).utf16.count }), ("bytes", { Substring($0).utf8.count }),
        ("characters_crlf_as_one", { Substring($0).replacingOccurrences(of: "\r\n", with: "\n").unicodeScalars.count }),
        ("utf16_crlf_as_one", { Substring($0).replacingOccurrences(of: "\r\n", with: "\n").utf16.count }),
    ]

    @Test(
        "the unit is recognised from the whole file, and repairing puts every answer at its own place", arguments: 0..<5
    )
    func recognised(number: Int) throws {
        let (name, count) = Self.units[number]
        let paragraph = paragraph(Self.places, count)
        var survey = OffsetSurvey()
        survey.add(paragraph)
        #expect(survey.unit.name == name)
        var repair = DatasetRepair(unit: survey.unit)
        let (repaired, changes) = repair.repair(paragraph)
        #expect(repaired.questions.map { $0.answers.map(\.start) } == Self.places.map { [$0.1] })
        #expect(changes.allSatisfy { $0.kind == .converted })
        #expect(changes.isEmpty == (name == "characters"))
        let dataset = Dataset(articles: [Article(title: "", paragraphs: [paragraph])])
        let problems = dataset.problems()
        #expect(problems.count == changes.count)
        for problem in problems {
            #expect(problem.message.contains("the offset counts \(survey.unit): in characters it is at "))
        }
    }

    @Test("text with LF and offsets of a text with CR LF")
    func linesOfTwo() {
        let paragraph = Paragraph(
            context: "one\ntwo\none",
            questions: [
                Question(id: "a", question: "?", answers: [AnswerSpan(text: "two", start: 5)]),
                Question(id: "b", question: "?", answers: [AnswerSpan(text: "one", start: 10)]),
            ])
        var survey = OffsetSurvey()
        survey.add(paragraph)
        #expect(survey.unit.name == "characters_lf_as_two")
        var repair = DatasetRepair(unit: survey.unit)
        #expect(repair.repair(paragraph).paragraph.questions.map { $0.answers[0].start } == [4, 8])
    }

    @Test("answers that fit no unit say nothing; answers of two units leave it open")
    func mixed() {
        let utf16 = Self.units[1].count
        var paragraph = paragraph(Self.places, utf16)
        paragraph.questions.append(
            Question(
                id: "broken", question: "?",
                answers: [AnswerSpan(text: "closed", start: 2), AnswerSpan(text: "no", start: 1)]))
        var survey = OffsetSurvey()
        survey.add(paragraph)
        #expect(survey.unit.name == "utf16")
        paragraph.questions.append(
            Question(id: "other", question: "?", answers: [AnswerSpan(text: "closed", start: 27)]))
        var open = OffsetSurvey()
        open.add(paragraph)
        #expect(open.unit == .characters)
        // Then words that stand twice are nobody's.
        var repair = DatasetRepair(unit: open.unit)
        let changes = repair.repair(paragraph).changes
        #expect(changes.filter { $0.message.contains("\"at 5\"") }.map(\.kind) == [.ambiguous, .ambiguous])
    }

    @Test("units that fit and mean different places leave it open")
    func undecided() {
        // In bytes the offset is that of the second, in UTF-16 units that of the first.
        let paragraph = Paragraph(
            context: "\u{1F600}\u{1F600} a aaaa",
            questions: [Question(id: "q", question: "?", answers: [AnswerSpan(text: "a", start: 9)])])
        var survey = OffsetSurvey()
        survey.add(paragraph)
        #expect(survey.unit == .characters)
    }

    @Test("a file that counts characters stays as it is, whatever else would fit some of it")
    func characters() throws {
        let text = "\u{1F600} x x x x"
        let answers = [2, 4, 6].map { AnswerSpan(text: "x", start: $0) }
        let paragraph = Paragraph(context: text, questions: [Question(id: "q", question: "?", answers: answers)])
        var survey = OffsetSurvey()
        survey.add(paragraph)
        #expect(survey.unit == .characters)
        var repair = DatasetRepair(unit: survey.unit)
        #expect(repair.repair(paragraph).changes.isEmpty)
    }
}

@Suite("Questions with one id")
struct QuestionKeyTests {
    private func dataset(_ ids: [QuestionID]) -> Dataset {
        let questions = ids.map { Question(id: $0, question: "?", answers: [AnswerSpan(text: "\($0)", start: 0)]) }
        return Dataset(articles: [Article(title: "", paragraphs: [Paragraph(context: "c", questions: questions)])])
    }

    private func keys(_ ids: [QuestionID]) -> [QuestionID] {
        var keys = QuestionKeys(dataset(ids))
        return ids.map { keys.next($0) }
    }

    @Test("each question has a key of its own, the first one its id")
    func unique() {
        #expect(keys(["a", "b", "a", "c", "a"]) == ["a", "b", "a#2", "c", "a#3"])
        #expect(keys(["a", "b", "c"]) == ["a", "b", "c"])
        #expect(keys(["a", "a#2", "a", "a#2"]) == ["a", "a#2", "a#2#", "a#2#2"])
        let many = (0..<2_000).map { QuestionID("\($0 % 700)") }
        #expect(Set(keys(many)).count == many.count)
    }

    @Test("the same keys come of a walk through the file")
    func walked() throws {
        let ids: [QuestionID] = ["x", "y", "x", "\u{E9}", "e\u{301}", "y"]
        try withTemporaryFolder { folder in
            let path = folder.path + "/data.json"
            try dataset(ids).write(to: path)
            let extent = try DatasetExtent(path: path)
            var keys = QuestionKeys(extent.ids)
            #expect(ids.map { keys.next($0) } == ["x", "y", "x#2", "\u{E9}", "e\u{301}", "y#2"])
            #expect(extent.ids.repeatedCount == 2 && extent.ids.firstRepeated == "x")
        }
    }

    @Test("both predictions count, or the one there is counts for both")
    func scores() {
        let twice = dataset(["a", "b", "a"])
        let own = SQuADMetrics.score(twice, predictions: ["a": "x", "b": "b", "a#2": "a"])
        #expect(own.exactMatch == 100.0 * 2 / 3 && own.missing == 0 && own.total == 3)
        #expect(SQuADMetrics.score(twice, predictions: ["a": "a"]).exactMatch == 100.0 * 2 / 3)
        #expect(SQuADMetrics.questionScores(twice, predictions: [:]).map(\.id) == ["a", "b", "a#2"])
    }
}
