/// Why a dataset could not be answered, or answers could not be written or merged.
public struct EvaluationError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: Sendable, Hashable {
        /// The existing output does not fit the request.
        case output
        /// Files of predictions do not belong together, or are not whole.
        case shards
        /// There are too few questions to calibrate scores on.
        case calibration
        /// The run was asked to stop, and its answers are kept.
        case interrupted
    }

    /// What is wrong.
    public let kind: Kind
    /// One line for the user.
    public let description: String

    private init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }

    static func output(_ message: String) -> EvaluationError { EvaluationError(.output, message) }
    static func shards(_ message: String) -> EvaluationError { EvaluationError(.shards, message) }
    static func calibration(_ message: String) -> EvaluationError { EvaluationError(.calibration, message) }
    static func interrupted(done: Int, total: Int, progress: String) -> EvaluationError {
        EvaluationError(
            .interrupted,
            "stopped after \(done) of \(total) questions; \(progress) holds their answers, continue with `resume`")
    }
}
