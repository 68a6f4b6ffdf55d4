import BERT
import Evaluating
import Foundation
import QuestionAnswering
import SQuAD
import Testing

@Suite("Fitting a calibration")
struct CalibrationFitTests {
    /// Questions with a dozen spans each, the right one of which is drawn by the softmax of their logits at a
    /// temperature.
    private func samples(
        _ count: Int, temperature: Double, seed: UInt64, spans: Int = 12, noAnswer: Bool = false
    ) -> [CalibrationSample] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { index in
            let logits = (0..<spans).map { _ in 12 * generator.nextShare() }
            func logSum(_ temperature: Double) -> Double { log(logits.reduce(0) { $0 + exp($1 / temperature) }) }
            let best = logits.max() ?? 0
            let probability = exp(best / temperature - logSum(temperature))
            let raw = generator.nextShare()
            // The measured probability of no answer is σ(logit / 2 - 1).
            let logOdds: Double = log(raw) - log1p(-raw)
            let measured: Double = 1 / (1 + exp(1 - logOdds / 2))
            let none = noAnswer && generator.nextShare() < measured
            return CalibrationSample(
                logit: best, logSums: Scoring.measuredTemperatures.map(logSum), noAnswer: raw,
                isRight: !none && generator.nextShare() < probability, hasAnswer: !none, article: index % 7)
        }
    }

    @Test("the temperature that outcomes were drawn at is found", arguments: [1.0, 2])
    func temperature(_ temperature: Double) throws {
        let found = try CalibrationFit.calibration(samples(20_000, temperature: temperature, seed: 3))
        #expect(abs(log2(found.temperature / temperature)) <= 0.25, "\(found)")
        #expect(found.noAnswer == nil && found.questions == 20_000)
        // Scores are the probabilities that the outcomes were drawn with, on other questions too.
        let others = samples(20_000, temperature: temperature, seed: 4)
        let reliability = Reliability(others.map { $0.outcome(found) })
        #expect(reliability.calibrationError < 0.015, "\(reliability.calibrationError)")
    }

    @Test("scale and offset of no answer are found")
    func noAnswer() throws {
        let map = try #require(
            CalibrationFit.calibration(samples(20_000, temperature: 1, seed: 5, noAnswer: true)).noAnswer)
        #expect(abs(map.scale - 0.5) < 0.05 && abs(map.offset + 1) < 0.05, "\(map)")
    }

    @Test("of temperatures that fit single texts alike, the one that also fits long texts is taken")
    func long() throws {
        let own = samples(3000, temperature: 2, seed: 6)
        let alone = try CalibrationFit.calibration(own)
        let long = samples(3000, temperature: 1, seed: 7, spans: 90)
        let together = try CalibrationFit.calibration(own, long: long)
        #expect(together.temperature < alone.temperature)
    }

    @Test("an article's questions are scored by a calibration that has not seen them")
    func heldOut() throws {
        let all = samples(2000, temperature: 2, seed: 8)
        let outcomes = try #require(CalibrationFit.heldOut(all))
        #expect(outcomes.count == all.count)
        #expect(outcomes.count { $0.isRight } == all.count { $0.isRight })
        #expect(CalibrationFit.heldOut(all.filter { $0.article == 0 }) == nil)
    }

    @Test("too few questions, or none of them right or wrong, are refused")
    func tooFew() {
        let many = samples(200, temperature: 2, seed: 9)
        for few in [[], Array(many.prefix(49)), many.filter(\.isRight), many.filter { !$0.isRight }] {
            let error = #expect(throws: EvaluationError.self) { try CalibrationFit.calibration(few) }
            #expect(error?.kind == .calibration)
        }
    }

    @Test("outcomes that go against the log-odds do not turn the order of answers round")
    func reversed() throws {
        let turned = samples(500, temperature: 1, seed: 10).map { sample in
            CalibrationSample(
                logit: sample.logit, logSums: sample.logSums, noAnswer: sample.noAnswer, isRight: !sample.isRight)
        }
        let map = try CalibrationFit.calibration(turned).answer
        #expect(map.scale > 0 && map.scale.isFinite && map.offset.isFinite)
    }

    @Test("questions are asked about their texts among others, whose answers stay where they are")
    func amongOthers() throws {
        let texts = ["Ada wrote it in 1843.", "Bob came é.", "Eve left.", "Dan stayed here."]
        let articles = texts.map { text in
            let word = text.split(separator: " ")[1]
            let start = text.distance(from: text.startIndex, to: word.startIndex)
            return Article(
                title: "t",
                paragraphs: [
                    Paragraph(
                        context: text,
                        questions: (0..<3).map {
                            Question(
                                id: QuestionID("\(text)\($0)"), question: "what?",
                                answers: [AnswerSpan(text: String(word), start: start)])
                        })
                ])
        }
        let long = try #require(Dataset(articles: articles).amongOthers(questions: 6, texts: 3))
        #expect(long.questionCount == 6 && long.articles.count == 4)
        for (number, article) in long.articles.enumerated() {
            for paragraph in article.paragraphs {
                #expect(paragraph.context.contains(texts[number]))
                #expect(paragraph.context.split(separator: "\n\n").count == 3)
            }
        }
        #expect(long.problems().isEmpty, "\(long.problems().map(\.message))")
        #expect(Dataset(articles: [articles[0]]).amongOthers() == nil)
    }
}
