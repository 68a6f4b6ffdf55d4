import Foundation
import QuestionAnswering

/// Learns how passages are ranked from what was found and read for questions whose answers are known.
///
/// The weights maximise the mean logarithm of the expected F1, if the answer is drawn from the passages by the softmax
/// of their ranks. The model's logits have a weight as well; all weights are divided by it at the end.
package struct RankingLearner {
    /// For each question that one can learn from: the parts and the F1 of each of its passages.
    private let questions: [[(parts: [Double], f1: Double)]]
    /// What each part is divided by, so that one step size fits all.
    private let scales: [Double]
    /// Whether passages have cosines.
    private let hasCosines: Bool

    private static let steps = 400
    private static let stepSize = 0.05

    /// How many questions the weights are learned from: those to which one passage has a better answer than another.
    package var questionCount: Int { questions.count }

    /// - Parameter questions: what was found and read.
    package init(_ questions: [OpenQuestion]) {
        let all = questions.map { question in
            question.passages.map { passage in
                (
                    parts: [
                        passage.evidence.logit, passage.fit.bm25, passage.fit.cosine ?? 0, -passage.evidence.nothing,
                    ], f1: passage.f1
                )
            }
        }
        let useful = all.filter { passages in
            let scores = passages.map(\.f1)
            return (scores.max() ?? 0) > (scores.min() ?? 0)
        }
        self.questions = useful
        hasCosines = questions.contains { $0.passages.contains { $0.fit.cosine != nil } }
        scales = (0..<4).map { part in
            let differences = useful.flatMap { passages -> [Double] in
                let mean = passages.reduce(0) { $0 + $1.parts[part] } / Double(passages.count)
                return passages.map { ($0.parts[part] - mean) * ($0.parts[part] - mean) }
            }
            let deviation = (differences.reduce(0, +) / Double(max(1, differences.count))).squareRoot()
            return deviation > 0 ? deviation : 1
        }
    }

    /// The ranking; nil if the questions do not show that the model's logits help, for example because there are too
    /// few.
    ///
    /// A part without data keeps its default weight.
    package func ranking() -> PassageRanking? {
        guard !questions.isEmpty else { return nil }
        var weights = [1.0, 1, 1, 0]
        // Adam, as the model's own training has it; the same steps give the same weights.
        var (means, squares) = ([Double](repeating: 0, count: 4), [Double](repeating: 0, count: 4))
        for step in 1...Self.steps {
            let gradient = gradient(weights)
            for part in weights.indices {
                means[part] = 0.9 * means[part] + 0.1 * gradient[part]
                squares[part] = 0.999 * squares[part] + 0.001 * gradient[part] * gradient[part]
                let mean = means[part] / (1 - pow(0.9, Double(step)))
                let square = squares[part] / (1 - pow(0.999, Double(step)))
                weights[part] += Self.stepSize * mean / (square.squareRoot() + 1e-12)
            }
        }
        let logit = weights[0] / scales[0]
        guard logit > 0 else { return nil }
        func relative(_ part: Int) -> Double { weights[part] / scales[part] / logit }
        return PassageRanking(
            bm25: relative(1), cosine: hasCosines ? relative(2) : PassageRanking.standard.cosine,
            noAnswer: relative(3))
    }

    /// How the mean logarithm of the expected F1 grows with the weights.
    private func gradient(_ weights: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: weights.count)
        for passages in questions {
            let ranks = passages.map { passage in
                weights.indices.reduce(0) { $0 + weights[$1] * passage.parts[$1] / scales[$1] }
            }
            let top = ranks.max() ?? 0
            let shares = ranks.map { exp($0 - top) }
            let total = shares.reduce(0, +)
            let expected = zip(shares, passages).reduce(1e-9) { $0 + $1.0 * $1.1.f1 } / total
            for (share, passage) in zip(shares, passages) {
                let gain = share / total * (passage.f1 / expected - 1)
                for part in weights.indices { sum[part] += gain * passage.parts[part] / scales[part] }
            }
        }
        return sum.map { $0 / Double(questions.count) }
    }
}

extension OpenQuestion {
    /// The F1, 0 to 1, of the answer that a ranking puts first.
    package func f1(_ ranking: PassageRanking) -> Double {
        var best: (f1: Double, rank: Double)?
        for passage in passages {
            let rank = passage.evidence.logit + ranking.bonus(passage.fit, nothing: passage.evidence.nothing)
            if best.map({ rank > $0.rank }) ?? true { best = (passage.f1, rank) }
        }
        return best?.f1 ?? 0
    }
}
