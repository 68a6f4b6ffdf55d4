import BERT
import Foundation

/// The map of log-odds to probabilities that maximises the likelihood of the outcomes.
///
/// - Source: Platt 1999, "Probabilistic outputs for support vector machines", with its targets, which keep the fit
///   finite where log-odds separate the outcomes; Newton's method as in Lin, Lin and Weng 2007,
///   doi:10.1007/s10994-007-5018-6.
struct LogisticFit {
    /// The map that was found; its scale is at least `leastScale`.
    let map: ConfidenceCalibration.Map
    /// The mean of -ln of the probability that the map gives to the outcomes.
    let loss: Double

    /// Below it, the outcomes do not follow the log-odds; they still may not be turned round.
    static let leastScale = 0.01
    private static let mostSteps = 100

    /// - Parameters:
    ///   - logOdds: a number for each outcome.
    ///   - outcomes: the same number of outcomes.
    init(logOdds: [Double], outcomes: [Bool]) {
        let right = Double(outcomes.count(where: \.self))
        let wrong = Double(outcomes.count) - right
        let (high, low) = ((right + 1) / (right + 2), 1 / (wrong + 2))
        let targets = outcomes.map { $0 ? high : low }
        var (scale, offset) = (1.0, 0.0)
        var loss = Self.loss(logOdds, targets, scale, offset)
        for _ in 0..<Self.mostSteps {
            let step = Self.newtonStep(logOdds, targets, scale, offset)
            var factor = 1.0
            var isBetter = false
            // A step that is too long is halved until it goes down.
            while factor > 1e-10, !isBetter {
                let (a, b) = (max(Self.leastScale, scale + factor * step.scale), offset + factor * step.offset)
                let new = Self.loss(logOdds, targets, a, b)
                isBetter = new < loss - 1e-13
                if isBetter { (scale, offset, loss) = (a, b, new) }
                factor /= 2
            }
            if !isBetter { break }
        }
        map = ConfidenceCalibration.Map(scale: scale, offset: offset)
        self.loss = loss
    }

    /// The loss of a map on other outcomes than those that it was fitted on: the mean of -ln of their probabilities; 0
    /// without any.
    static func loss(of map: ConfidenceCalibration.Map, logOdds: [Double], outcomes: [Bool]) -> Double {
        loss(logOdds, outcomes.map { $0 ? 1 : 0 }, map.scale, map.offset)
    }

    private static func loss(_ x: [Double], _ targets: [Double], _ scale: Double, _ offset: Double) -> Double {
        var sum = 0.0
        for (x, target) in zip(x, targets) {
            let z = scale * x + offset
            // ln(1 + e^z) - target * z, without overflow.
            sum += max(z, 0) + log1p(exp(-abs(z))) - target * z
        }
        return sum / Double(max(1, targets.count))
    }

    private static func newtonStep(
        _ x: [Double], _ targets: [Double], _ scale: Double, _ offset: Double
    ) -> (scale: Double, offset: Double) {
        // The small numbers keep the matrix invertible where all probabilities are 0 or 1.
        var (xx, x1, one, gradientX, gradient1) = (1e-9, 0.0, 1e-9, 0.0, 0.0)
        for (x, target) in zip(x, targets) {
            let p = 1 / (1 + exp(-(scale * x + offset)))
            let weight = p * (1 - p)
            xx += weight * x * x
            x1 += weight * x
            one += weight
            gradientX += (p - target) * x
            gradient1 += p - target
        }
        let determinant = xx * one - x1 * x1
        guard determinant > 0 else { return (-gradientX / xx, -gradient1 / one) }
        return (
            (x1 * gradient1 - one * gradientX) / determinant, (x1 * gradientX - xx * gradient1) / determinant
        )
    }
}
