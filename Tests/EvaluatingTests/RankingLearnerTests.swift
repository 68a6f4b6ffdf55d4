import Evaluating
import QuestionAnswering
import SQuAD
import Testing

@Suite("Learning how passages are ranked")
struct RankingLearnerTests {
    /// Numbers from 0 to 1 that a seed decides.
    private struct Numbers {
        var state: UInt64

        mutating func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 33) / Double(1 << 31)
        }
    }

    /// Questions whose best passage is the one that `truth` ranks first, but for some noise.
    private func questions(_ truth: PassageRanking, cosines: Bool = true) -> [OpenQuestion] {
        var numbers = Numbers(state: 3)
        return (0..<500).map { number in
            let passages = (0..<10).map { _ in
                (
                    evidence: PassageEvidence(
                        text: "", logit: 12 * numbers.next() - 4, nothing: 8 * numbers.next() - 4),
                    fit: PassageFit(bm25: 20 * numbers.next(), cosine: cosines ? numbers.next() : nil)
                )
            }
            let ranks = passages.map {
                $0.evidence.logit + truth.bonus($0.fit, nothing: $0.evidence.nothing) + 0.5 * numbers.next()
            }
            let best = ranks.indices.max { ranks[$0] < ranks[$1] }
            return OpenQuestion(
                id: QuestionID("\(number)"), answer: "", score: 0, isFromRightPassage: false,
                passages: passages.enumerated().map { place, passage in
                    OpenPassage(
                        isRight: place == best, fit: passage.fit, evidence: passage.evidence, f1: place == best ? 1 : 0)
                })
        }
    }

    private func mean(_ questions: [OpenQuestion], _ ranking: PassageRanking) -> Double {
        questions.reduce(0) { $0 + $1.f1(ranking) } / Double(questions.count)
    }

    @Test("the weights that made the best passages are found, and rank better than others")
    func found() throws {
        let truth = PassageRanking(bm25: 0.4, cosine: 15, noAnswer: 0.6)
        let questions = questions(truth)
        let learner = RankingLearner(questions)
        #expect(learner.questionCount == 500)
        let learned = try #require(learner.ranking())
        #expect(abs(learned.bm25 - truth.bm25) < 0.05)
        #expect(abs(learned.cosine - truth.cosine) < 1.5)
        #expect(abs(learned.noAnswer - truth.noAnswer) < 0.08)
        #expect(mean(questions, learned) > 0.9)
        #expect(mean(questions, PassageRanking(bm25: 0, cosine: 0, noAnswer: 0)) < 0.6)
        #expect(learned == RankingLearner(questions).ranking())
    }

    @Test("without vectors the weight of cosines stays the usual one")
    func withoutVectors() throws {
        let learned = try #require(
            RankingLearner(questions(PassageRanking(bm25: 0.4, cosine: 0, noAnswer: 0), cosines: false)).ranking())
        #expect(learned.cosine == PassageRanking.standard.cosine)
        #expect(abs(learned.bm25 - 0.4) < 0.05)
    }

    @Test("questions that say nothing teach nothing")
    func nothing() {
        #expect(RankingLearner([]).ranking() == nil)
        let passage = OpenPassage(
            isRight: true, fit: PassageFit(bm25: 1, cosine: nil),
            evidence: PassageEvidence(text: "a", logit: 1, nothing: 0), f1: 1)
        let all = OpenQuestion(
            id: QuestionID("a"), answer: "a", score: 0, isFromRightPassage: true, passages: [passage, passage])
        #expect(RankingLearner([all]).questionCount == 0)
        // Where the right passage is always the one with the lower logits, these are no help.
        let wrong = OpenPassage(
            isRight: false, fit: PassageFit(bm25: 1, cosine: nil),
            evidence: PassageEvidence(text: "b", logit: 9, nothing: 0), f1: 0)
        let against = OpenQuestion(
            id: QuestionID("a"), answer: "b", score: 0, isFromRightPassage: false, passages: [passage, wrong])
        #expect(RankingLearner([against]).ranking() == nil)
    }
}
