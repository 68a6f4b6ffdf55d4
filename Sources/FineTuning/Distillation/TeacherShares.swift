import QuestionAnswering
import Torch

/// The teachers' distributions for a run's rows: the probability of each token as the start and as the end of the
/// answer, averaged over the teachers at the run's temperature.
final class TeacherShares {
    /// The shares of all rows' tokens, float32 [T, 2]; those of a row sum to 1 in each column.
    let all: Tensor
    private let starts: [Int]
    private let temperature: Double
    private let weight: Double

    init(_ all: Tensor, of rows: [Feature], options: TrainingOptions) {
        self.all = all
        starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.length) }
        (temperature, weight) = (options.distillationTemperature, options.distillationWeight)
    }

    /// The shares of the tokens of the rows with these numbers, two for each token.
    func shares(of numbers: [Int]) throws(TorchError) -> [Float] {
        var shares: [Float] = []
        for number in numbers {
            let own: [Float] = try all.slice(dim: 0, starts[number]..<starts[number + 1]).array()
            shares += own
        }
        return shares
    }

    /// The part of the loss that comes from the teachers, for a batch with these shares, float32 [T, 2].
    func teacher(_ shares: Tensor) -> SoftSpanLabels.Teacher {
        SoftSpanLabels.Teacher(shares: shares, temperature: temperature, weight: weight)
    }
}
