import Foundation
import SQuAD
import StrictJSON
import Testing

@Suite("The official metrics")
struct MetricsTests {
    @Test("Difficult texts score as the official rules say in Python")
    func fixture() throws {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/metrics.json")
        let cases = try #require(try JSONValue.parse([UInt8](Data(contentsOf: url))).array)
        #expect(cases.count == 3000)
        for entry in cases {
            let fields = try #require(entry.array)
            let prediction = try #require(fields[0].string)
            let answer = try #require(fields[1].string)
            let normalized = try #require(fields[2].string)
            let exact = try #require(fields[3].int)
            let f1 = try #require(fields[4].double)
            let name: Comment = "\(entry.serialized())"
            #expect(SQuADMetrics.normalized(prediction).utf8.elementsEqual(normalized.utf8), name)
            #expect(SQuADMetrics.exactMatch(prediction, answer) == (exact == 1), name)
            #expect(SQuADMetrics.f1(prediction, answer) == f1, name)
        }
    }

    /// - Source: Tools/make_squad_fixtures.py, from the published rules of MLQA and CMRC 2018.
    @Test("Languages are scored by the rules of MLQA and CMRC 2018")
    func languages() throws {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/languages.json")
        let cases = try #require(try JSONValue.parse([UInt8](Data(contentsOf: url))).array)
        #expect(cases.count == 120 * (ScoringRules.languages.count + 1))
        for entry in cases {
            let fields = try #require(entry.array)
            let language = fields[1].string ?? ""
            let rules = try #require(fields[0].string == "cmrc" ? .cmrc : ScoringRules.mlqa(language))
            let (prediction, answer) = (try #require(fields[2].string), try #require(fields[3].string))
            let question = Question(id: "q", question: "?", answers: [AnswerSpan(text: answer, start: 0)])
            let scores = SQuADMetrics.score(
                dataset(context: "c", question: question), predictions: ["q": prediction], rules: rules)
            #expect(scores.exactMatch == 100 * (fields[4].double ?? -1), "\(entry.serialized())")
            #expect(abs(scores.f1 - 100 * (fields[5].double ?? -1)) < 1e-9, "\(entry.serialized())")
        }
    }

    @Test("Characters are counted where words have no spaces between them, and leaving a question unanswered is right")
    func characters() throws {
        func score(_ answer: String, _ prediction: String, _ rules: ScoringRules) -> Double {
            let question = Question(id: "q", question: "?", answers: [AnswerSpan(text: answer, start: 0)])
            return SQuADMetrics.score(
                dataset(context: "c", question: question), predictions: ["q": prediction], rules: rules
            ).f1
        }
        let (answer, prediction) = (
            "\u{6CB3}\u{7684}\u{5317}\u{5CB8}", "\u{5728}\u{6CB3}\u{7684}\u{5317}\u{5CB8}\u{8FB9}"
        )
        #expect(score(answer, prediction, .squad) == 0)
        #expect(score(answer, prediction, try #require(ScoringRules.mlqa("zh"))) == 80)
        #expect(score(answer, prediction, .cmrc) == 80)
        #expect(ScoringRules.mlqa("xx") == nil)
        for rules in [ScoringRules.cmrc, try #require(.mlqa("zh"))] {
            let none = Question(id: "q", question: "?", answers: [], isImpossible: true, plausibleAnswers: [])
            let impossible = dataset(context: "c", question: none)
            #expect(SQuADMetrics.score(impossible, predictions: ["q": ""], rules: rules).f1 == 100)
            #expect(SQuADMetrics.score(impossible, predictions: ["q": "\u{6CB3}"], rules: rules).exactMatch == 0)
        }
    }

    @Test("Datasets in scripts without spaces are recognised by most of their answers")
    func writingSystems() {
        func language(_ answers: [String]) -> String? {
            let questions = answers.map { Question(id: "q", question: "?", answers: [AnswerSpan(text: $0, start: 0)]) }
            return WritingSystem.unspacedLanguage(
                of: Dataset(articles: [Article(title: "", paragraphs: [Paragraph(context: "", questions: questions)])]))
        }
        #expect(language(["\u{6CB3}", "\u{5317}\u{5CB8}", "the mill"]) == "zh")
        #expect(language(["\u{5DDD}", "\u{30DF}\u{30EB}"]) == "ja")
        #expect(language(["\u{E1D}\u{E31}\u{E48}\u{E07}"]) == "th")
        #expect(language(["the \u{6CB3} mill", "1820", "\u{6CB3}"]) == nil)
        #expect(language(["\u{AC15}\u{C758}"]) == nil && language([]) == nil)
    }

    @Test(
        "Published predictions get the official figures", .enabled(if: Outside.squad != nil, Outside.hint),
        arguments: [
            ("bert-ensemble", 87.85714285714286, 94.17050655740314),
            ("match-lstm-ensemble", 72.55102040816327, 81.27842288168284),
        ])
    func published(system: String, exactMatch: Double, f1: Double) throws {
        let folder = try #require(Outside.squad)
        let dev = try Dataset(path: folder.appendingPathComponent("dev.json").path)
        let predictions = try Predictions(path: folder.appendingPathComponent("predictions/\(system).json").path)
        let scores = SQuADMetrics.score(dev, predictions: predictions.answers)
        #expect(abs(scores.exactMatch - exactMatch) < 1e-9)
        #expect(abs(scores.f1 - f1) < 1e-9)
        #expect(scores.total == 980)
        #expect(scores.missing == 0)
    }

    @Test("ids that differ only in Unicode normalisation are different questions, as in Python")
    func normalisedIDs() throws {
        let (one, two) = (QuestionID("\u{E9}"), QuestionID("e\u{301}"))
        let dataset = Dataset(articles: [
            Article(
                title: "",
                paragraphs: [
                    Paragraph(
                        context: "fox dog",
                        questions: [
                            Question(id: one, question: "?", answers: [AnswerSpan(text: "fox", start: 0)]),
                            Question(id: two, question: "?", answers: [AnswerSpan(text: "dog", start: 4)]),
                        ])
                ])
        ])
        #expect(dataset.problems().isEmpty)
        let predictions = [one: "fox", two: "dog"]
        #expect(SQuADMetrics.score(dataset, predictions: predictions).exactMatch == 100)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Predictions(predictions).write(to: file.path)
        #expect(try Predictions(path: file.path).answers == predictions)
    }

    private let three = Dataset(articles: [
        Article(
            title: "",
            paragraphs: [
                Paragraph(
                    context: "the quick brown fox",
                    questions: [
                        Question(
                            id: "a", question: "?",
                            answers: [AnswerSpan(text: "fox", start: 16), AnswerSpan(text: "brown fox", start: 10)]),
                        Question(id: "b", question: "?", answers: [AnswerSpan(text: "quick", start: 4)]),
                    ])
            ]),
        Article(
            title: "",
            paragraphs: [
                Paragraph(
                    context: "jumps",
                    questions: [Question(id: "c", question: "?", answers: [AnswerSpan(text: "jumps", start: 0)])])
            ]),
    ])

    @Test("The closest of several answers counts")
    func closest() {
        let scores = SQuADMetrics.score(three, predictions: ["a": "The Brown Fox!", "b": "quick brown", "c": "sits"])
        #expect(scores.exactMatch == 100.0 / 3)
        #expect(abs(scores.f1 - 100 * (1 + 2.0 / 3) / 3) < 1e-12)
        #expect(scores.total == 3)
        #expect(scores.missing == 0)
    }

    @Test("A question without a prediction scores zero and is counted; predictions for other questions are not")
    func missing() {
        let scores = SQuADMetrics.score(three, predictions: ["c": "jumps", "z": "fox"])
        #expect(scores == Scores(exactMatch: 100.0 / 3, f1: 100.0 / 3, total: 3, missing: 2))
    }

    @Test("Nothing to score gives zeros")
    func nothing() {
        let scores = SQuADMetrics.score(Dataset(articles: []), predictions: [:])
        #expect(scores == Scores(exactMatch: 0, f1: 0, total: 0, missing: 0))
    }

    /// - Source: Tools/make_squad_fixtures.py; the official `evaluate-v2.0.py` prints the same.
    @Test("Version 2.0: questions without an answer, thresholds and average precision are the official ones")
    func version2() throws {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/version2.json")
        let fixture = try JSONValue.parse([UInt8](Data(contentsOf: url)))
        let document = try #require(fixture["dataset"]).serialized()
        let dataset = try Dataset(contents: Array(document.utf8), path: "version2.json")
        let predictions = try #require(fixture["predictions"]?.object).compactMap { member in
            member.value.string.map { (QuestionID(member.key), $0) }
        }
        let noAnswer = NoAnswerProbabilities(
            try #require(fixture["probabilities"]?.object).compactMap { member in
                member.value.double.map { (id: QuestionID(member.key), probability: $0) }
            })
        let scores = SQuADMetrics.score(
            dataset, predictions: Dictionary(uniqueKeysWithValues: predictions), noAnswer: noAnswer,
            threshold: try #require(fixture["threshold"]?.double))
        let thresholds = try #require(scores.thresholds)
        let precision = try #require(thresholds.averagePrecision)
        let found: [String: Double?] = [
            "exact": scores.exactMatch, "f1": scores.f1, "total": Double(scores.total),
            "HasAns_exact": scores.hasAnswer?.exactMatch, "HasAns_f1": scores.hasAnswer?.f1,
            "HasAns_total": scores.hasAnswer.map { Double($0.total) }, "NoAns_exact": scores.noAnswer?.exactMatch,
            "NoAns_f1": scores.noAnswer?.f1, "NoAns_total": scores.noAnswer.map { Double($0.total) },
            "best_exact": thresholds.exactMatch.score, "best_exact_thresh": thresholds.exactMatch.threshold,
            "best_f1": thresholds.f1.score, "best_f1_thresh": thresholds.f1.threshold,
            "pr_exact_ap": precision.exactMatch, "pr_f1_ap": precision.f1, "pr_oracle_ap": precision.oracle,
        ]
        let expected = try #require(fixture["expected"]?.object)
        #expect(Set(expected.map(\.key)) == Set(found.keys))
        for (key, value) in expected {
            let (wanted, got) = (try #require(value.double), try #require(found[key] ?? nil))
            #expect(abs(wanted - got) < 1e-9, "\(key)")
        }
        #expect(scores.missing == 0)
    }

    @Test("Files of version 1.1 keep its rules: no parts, no thresholds")
    func version1() {
        let noAnswer = NoAnswerProbabilities([("a", 0.9), ("b", 0.1), ("c", 0.2)])
        let scores = SQuADMetrics.score(three, predictions: ["a": "fox"], noAnswer: noAnswer, threshold: 0.5)
        #expect(scores.exactMatch == 100.0 / 3)
        #expect(scores.hasAnswer == nil && scores.noAnswer == nil && scores.thresholds == nil)
    }

    @Test("Canonically equivalent texts are not the same answer")
    func canonicalEquivalence() {
        #expect(!SQuADMetrics.exactMatch("caf\u{E9}", "cafe\u{301}"))
        #expect(SQuADMetrics.f1("caf\u{E9}", "cafe\u{301}") == 0)
    }
}
