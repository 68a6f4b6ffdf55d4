import ArgumentParser
import BERT
import Checkpoints
import Evaluating
import Export
import Files
import FineTuning
import Foundation
import Hub
import QAServer
import QuestionAnswering
import SQuAD
import Tokenizers

/// The exit codes of the contract, numbered as in BSD's `sysexits.h`.
enum ExitStatus: Int32, CaseIterable {
    case usage = 64
    case data = 65
    case missingInput = 66
    case internalError = 70
    case inputOutput = 74
    case interrupted = 75

    /// What the code says, for the reference page.
    var meaning: String {
        switch self {
        case .usage: "an option is wrong or missing"
        case .data: "the data or the model cannot be used"
        case .missingInput: "a file, a folder or a model is missing"
        case .internalError: "the computation failed, or a comparison found a difference"
        case .inputOutput: "something could not be read or written"
        case .interrupted: "stopped by a signal; a checkpoint or the answers so far are saved"
        }
    }

    /// Which code an error of the libraries means.
    init(_ error: any Error) {
        switch error {
        case let error as DatasetError: self = error.isMissing ? .missingInput : .data
        case let error as FileError: self = ExitStatus(error)
        case let error as CheckpointError: self = ExitStatus(error)
        case let error as TokenizerError: self = ExitStatus(error)
        case let error as ReaderError: self = ExitStatus(error)
        case let error as TrainingError: self = ExitStatus(error)
        case let error as EvaluationError: self = ExitStatus(error)
        case let error as ExportError: self = ExitStatus(error)
        case let error as HubError: self = ExitStatus(error)
        case is AnswerServerError, is DocumentStoreError: self = .inputOutput
        case is ModelSource.NoModel, is ModelSource.NeedsConversion, is DatasetSource.NoDataset: self = .missingInput
        default: self = .internalError
        }
    }

    private init(_ error: FileError) {
        switch error.kind {
        case .missing: self = .missingInput
        case .contents: self = .data
        case .system: self = .inputOutput
        }
    }

    private init(_ error: CheckpointError) {
        switch error.kind {
        case .missing: self = .missingInput
        case .unreadable, .unwritable: self = .inputOutput
        case .invalid, .unsupported, .mismatch: self = .data
        }
    }

    private init(_ error: HubError) {
        switch error {
        case .damaged, .tooLong: self = .data
        case .settings: self = .usage
        case .network, .status, .cache, .refused, .unsent: self = .inputOutput
        default: self = .missingInput
        }
    }

    private init(_ error: TokenizerError) {
        switch error.kind {
        case .missing: self = .missingInput
        case .inputOutput: self = .inputOutput
        case .malformed, .unsupported, .vocabulary, .truncation: self = .data
        }
    }

    private init(_ error: ReaderError) {
        switch error.kind {
        case .model, .tokenizer: self = error.cause.map(ExitStatus.init) ?? .data
        case .mismatch, .emptyQuestion, .emptyText, .questionTooLong, .notFinite, .quantization: self = .data
        case .options, .device, .precision: self = .usage
        case .computation, .deviceCheck: self = .internalError
        }
    }

    private init(_ error: EvaluationError) {
        switch error.kind {
        case .output: self = .inputOutput
        case .shards, .calibration: self = .data
        case .interrupted: self = .interrupted
        }
    }

    private init(_ error: ExportError) {
        switch error.kind {
        case .options: self = .usage
        case .model: self = .data
        case .output: self = .inputOutput
        }
    }

    private init(_ error: TrainingError) {
        switch error.kind {
        case .options: self = .usage
        case .data: self = .data
        case .missing: self = .missingInput
        case .model: self = error.cause.map(ExitStatus.init) ?? .data
        case .output: self = .inputOutput
        case .interrupted: self = .interrupted
        case .notFinite, .processes, .computation: self = .internalError
        }
    }
}

/// Runs the body of a command: an error of the libraries becomes one line on standard error and an exit code.
func reportingErrors(_ command: String, _ body: () async throws -> Void) async throws {
    BusError.handle()
    do {
        try await body()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch {
        StandardError.write("bertqa \(command): \(Flags.spelled("\(error)"))\n")
        throw ExitCode(ExitStatus(error).rawValue)
    }
}
