import Console
import StrictJSON

/// The result of a finished run.
public struct TrainingSummary: Sendable {
    /// The model's directory.
    public let outputDirectory: String
    /// Steps taken, including those before a resume.
    public let steps: Int
    /// Seconds spent training.
    public let seconds: Double
    /// Rows a second over the steps after the second of this process.
    public let examplesPerSecond: Double
    /// Tokens a second over the same steps.
    public let realTokensPerSecond: Double
    /// The share of the time of the same steps that this process waited for others.
    public let waitingShare: Double
    /// The number of processes.
    public let processes: Int
    /// The rows per pass at the end: the batch size, or fewer if memory ran out.
    public let rowsPerPass: Int
    /// The epoch whose model was kept, counted from 1.
    public let bestEpoch: Int?
    /// The epochs.
    public let statistics: TrainingStatistics

    private var best: EpochStatistics.Validation? { bestEpoch.flatMap { statistics.epochs[$0 - 1].validation } }

    /// The object that `train --json` prints.
    package var json: JSONValue {
        [
            "output_dir": .string(outputDirectory), "steps": .int(steps), "seconds": .double(seconds),
            "examples_per_second": .double(examplesPerSecond), "real_tokens_per_second": .double(realTokensPerSecond),
            "processes": .int(processes), "waiting_share": .double(waitingShare), "rows_per_pass": .int(rowsPerPass),
            "best_epoch": bestEpoch.map(JSONValue.int) ?? .null,
            "exact_match": best.map { .double($0.exactMatch) } ?? .null, "f1": best.map { .double($0.f1) } ?? .null,
            "calibration_error": best?.calibrationError.map(JSONValue.double) ?? .null,
        ]
    }

    /// The same as text.
    public var text: String {
        var lines = ["\(Figures.count(steps, "step")) in \(Figures.duration(seconds))"]
        // A run that was at its end already has no speed.
        if examplesPerSecond > 0 {
            lines[0] +=
                ", \(Figures.fixed(examplesPerSecond, 1)) examples/s, \(Int(realTokensPerSecond)) real tokens/s"
        }
        if processes > 1 {
            let share = Figures.fixed(100 * waitingShare, 1)
            lines.append("\(processes) processes; this one waited for the others for \(share) % of the time")
        }
        if let best, let bestEpoch {
            let (match, f1) = (Figures.fixed(best.exactMatch, 2), Figures.fixed(best.f1, 2))
            lines.append("best epoch \(bestEpoch): exact match \(match), F1 \(f1)")
        }
        lines.append("the model is in \(outputDirectory); try: bertqa ask --model \(outputDirectory) --help")
        return lines.joined(separator: "\n")
    }
}
