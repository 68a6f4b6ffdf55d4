import BERT
import Foundation

/// How the score of an answer is computed.
package enum Scoring: Sendable, Hashable {
    /// The probability of its first token times that of its last, among all tokens of the text.
    case tokenProbabilities
    /// The probability that it is right, by a model's calibration.
    case confidence(ConfidenceCalibration)
    /// As `tokenProbabilities`; predictions also keep the numbers for fitting a calibration.
    case measuring

    /// The scoring of a model's answers: by its calibration, if it has one.
    package init(_ config: EncoderConfig) {
        self = config.confidence.map(Scoring.confidence) ?? .tokenProbabilities
    }

    /// The temperatures at which the spans of a row are summed.
    package var temperatures: [Double] {
        switch self {
        case .tokenProbabilities: []
        case .confidence(let calibration): [calibration.temperature]
        case .measuring: Self.measuredTemperatures
        }
    }

    /// Those that a fit chooses from: four to an octave, from 1/2 to 8.
    package static let measuredTemperatures = (-4...12).map { pow(2, Double($0) / 4) }

    /// The calibration; nil if scores are not calibrated.
    var calibration: ConfidenceCalibration? {
        if case .confidence(let calibration) = self { calibration } else { nil }
    }
}

extension SpanDecoder {
    /// The logarithm of the sum over all spans that may be an answer of e to the power of (start + end) / temperature.
    ///
    /// - Parameters:
    ///   - logits: start and end logit of each token of the row, alternating.
    ///   - context: the positions of the text's tokens in the row; at least one.
    func logSum(logits: ArraySlice<Float>, context: Range<Int>, temperature: Double) -> Double {
        let base = logits.startIndex
        func column(_ column: Int) -> (most: Double, powers: [Double]) {
            let values = context.map { Double(logits[base + 2 * $0 + column]) }
            let most = values.max() ?? 0
            return (most, values.map { exp(($0 - most) / temperature) })
        }
        let (starts, ends) = (column(0), column(1))
        var sum = 0.0
        for start in starts.powers.indices {
            let last = min(start + maxAnswerLength, ends.powers.count)
            var reachable = 0.0
            for end in start..<last { reachable += ends.powers[end] }
            sum += starts.powers[start] * reachable
        }
        return log(sum) + (starts.most + ends.most) / temperature
    }
}
