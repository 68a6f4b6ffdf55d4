import Checkpoints
import Tokenizers
import Torch

/// Why a model could not be loaded or could not answer.
public struct ReaderError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: Sendable, Hashable {
        /// The model directory cannot be used; `cause` has the reason.
        case model
        /// The tokenizer's files cannot be used; `cause` has the reason.
        case tokenizer
        /// The tokenizer does not belong to the model.
        case mismatch
        /// Options are out of range, contradict each other, or do not fit the model.
        case options
        /// The question is empty.
        case emptyQuestion
        /// The text is empty.
        case emptyText
        /// The question leaves no room for the text.
        case questionTooLong
        /// This libtorch cannot use the device.
        case device
        /// The device computes other numbers than the CPU.
        case deviceCheck
        /// The precision is not available here.
        case precision
        /// The loss from int8 was not measured for this model, or is too large.
        case quantization
        /// Weights, or the model's results, are infinite or not numbers.
        case notFinite
        /// The model failed while it ran.
        case computation
    }

    /// What is wrong.
    public let kind: Kind
    /// One line for the user.
    public let description: String
    /// The error of the library below, if there is one.
    public let cause: (any Error)?

    private init(_ kind: Kind, _ description: String, cause: (any Error)? = nil) {
        (self.kind, self.description, self.cause) = (kind, description, cause)
    }

    static func model(_ error: CheckpointError) -> ReaderError { ReaderError(.model, "\(error)", cause: error) }
    static func tokenizer(_ error: TokenizerError) -> ReaderError { ReaderError(.tokenizer, "\(error)", cause: error) }
    static func mismatch(_ message: String) -> ReaderError { ReaderError(.mismatch, message) }
    static func options(_ message: String) -> ReaderError { ReaderError(.options, message) }

    /// An empty question.
    public static var emptyQuestion: ReaderError {
        ReaderError(.emptyQuestion, "the question is empty; there is nothing to read")
    }

    /// An empty text.
    public static var emptyText: ReaderError { ReaderError(.emptyText, "the text is empty; there is nothing to read") }

    static func questionTooLong(tokens: Int, limit: Int) -> ReaderError {
        ReaderError(
            .questionTooLong,
            "the question has \(tokens) tokens, but at most \(limit) leave room for the text; shorten it")
    }

    /// A device that this libtorch cannot use.
    public static func device(_ device: Device) -> ReaderError {
        ReaderError(.device, "there is no \(device.rawValue) device that this libtorch can use")
    }

    static func deviceCheck(_ message: String) -> ReaderError { ReaderError(.deviceCheck, message) }
    static func precision(_ message: String) -> ReaderError { ReaderError(.precision, message) }
    static func quantization(_ message: String) -> ReaderError { ReaderError(.quantization, message) }

    /// Numbers that are not finite in the model's weights or its results.
    public static func notFinite(_ message: String) -> ReaderError { ReaderError(.notFinite, message) }

    static func computation(_ message: String) -> ReaderError {
        ReaderError(.computation, "the model failed: \(message)")
    }
}
