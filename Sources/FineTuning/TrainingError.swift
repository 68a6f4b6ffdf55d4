import QuestionAnswering

/// Why a run could not start or continue.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: Sendable, Hashable {
        /// An option is out of range, or options contradict each other.
        case options
        /// The data cannot be trained on.
        case data
        /// A file that an option names is missing.
        case missing
        /// The model cannot be trained; `cause` has the reason.
        case model
        /// Something could not be written or read in the output directory.
        case output
        /// The loss or the gradients stopped being finite.
        case notFinite
        /// The run was asked to stop and has saved a checkpoint.
        case interrupted
        /// The processes that train together did not find each other, or one of them ended.
        case processes
        /// libtorch failed.
        case computation
    }

    /// What is wrong.
    public let kind: Kind
    /// One line for the user.
    public let description: String
    /// The error of the library below, if there is one.
    public let cause: (any Error)?

    init(_ kind: Kind, _ description: String, cause: (any Error)? = nil) {
        (self.kind, self.description, self.cause) = (kind, description, cause)
    }

    /// Options that cannot be used.
    public static func options(_ message: String) -> TrainingError { TrainingError(.options, message) }
    static func data(_ message: String) -> TrainingError { TrainingError(.data, message) }
    static func missing(_ message: String) -> TrainingError { TrainingError(.missing, message) }
    static func model(_ error: ReaderError) -> TrainingError {
        TrainingError(.model, "`model` \(error)", cause: error)
    }
    static func output(_ message: String) -> TrainingError { TrainingError(.output, message) }
    static func notFinite(step: Int, what: String, advice: String) -> TrainingError {
        TrainingError(.notFinite, "\(what) at step \(step) is not finite; \(advice)")
    }
    static func interrupted(step: Int, checkpoint: String) -> TrainingError {
        TrainingError(
            .interrupted, "stopped after step \(step); \(checkpoint) holds everything, continue with `resume`")
    }
    static let interruptedBeforeTraining = TrainingError(
        .interrupted,
        "stopped while the teachers were reading the rows; nothing was trained, so start the run again")
    static func processes(_ message: String) -> TrainingError { TrainingError(.processes, message) }
    static func computation(_ message: String) -> TrainingError { TrainingError(.computation, message) }

    /// Runs a body whose errors mean one kind of failure of a run. A `TrainingError` is passed on unchanged.
    ///
    /// - Parameter context: precedes the message of an error.
    static func wrapping<Result>(
        _ kind: Kind, _ context: @autoclosure () -> String = "", _ body: () throws -> Result
    ) throws(TrainingError) -> Result {
        do {
            return try body()
        } catch let error as TrainingError {
            throw error
        } catch let error as ReaderError where kind == .model {
            throw .model(error)
        } catch {
            throw TrainingError(kind, "\(context())\(error)")
        }
    }
}
