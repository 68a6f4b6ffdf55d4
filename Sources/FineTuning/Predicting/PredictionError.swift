/// What keeps predictions from being written or merged.
package enum PredictionError: Error, Sendable, CustomStringConvertible {
    /// What is there already does not fit what is asked for.
    case output(String)
    /// Files of predictions that do not belong together, or are not whole.
    case shards(String)
    /// The run was asked to stop, and what it did is kept.
    case interrupted(done: Int, total: Int, progress: String)

    /// One line for the user.
    package var description: String {
        switch self {
        case .output(let message), .shards(let message): message
        case .interrupted(let done, let total, let progress):
            "stopped after \(done) of \(total) questions; \(progress) holds their answers, go on with --resume"
        }
    }
}
