import BERT
import Crypto
import Files
import Foundation
import QuestionAnswering
import StrictJSON
import Torch

/// What is split off the training file to validate on.
package enum DataSplit: String, Sendable, CaseIterable {
    /// Questions at random: quick to learn from, but the model has seen their texts.
    case question
    /// Whole articles at random, so that the model is asked about texts it has not seen.
    case article
}

/// Everything that decides what a training run computes, and where it writes.
package struct TrainingOptions: Sendable {
    /// The pretrained model's directory.
    package var model: String
    /// The SQuAD file to train on.
    package var trainFile: String
    /// The SQuAD file to validate on after each epoch; nil splits some of the training questions off.
    package var validationFile: String?
    /// The share of the training questions to validate on where there is no validation file; 0 validates on nothing.
    package var validationFraction = 0.05
    /// Whether questions or whole articles are split off.
    package var splitBy = DataSplit.question
    /// Where the run is written.
    package var outputDirectory: String
    /// How rows are cut.
    package var features = FeatureOptions()
    /// Rows of one forward and backward pass.
    package var batchSize = 16
    /// Passes whose gradients are added up for one step.
    package var gradientAccumulationSteps = 1
    /// Whether each layer is computed again in the backward pass instead of being kept: less memory for more time. The
    /// numbers are the same, so a run may be resumed with it or without.
    package var gradientCheckpointing = false
    /// The learning rate at its highest.
    package var learningRate = 2e-5
    /// Times that every row is seen.
    package var epochs = 3
    /// Steps after which the run ends even if epochs are left; nil for no such end.
    package var maxSteps: Int?
    /// The share of all steps during which the learning rate rises.
    package var warmupRatio = 0.0
    /// Decay of weights (biases and layer norms excepted).
    package var weightDecay = 0.0
    /// AdamW's epsilon.
    package var adamEpsilon = 1e-8
    /// What the joint norm of the gradients is clipped to; 0 does not clip.
    package var maxGradNorm = 1.0
    /// How many steps in a row may be skipped because their loss or gradients are not finite; one more ends the run.
    package var maxSkippedSteps = 3
    /// Steps after which their losses and norms are read from the device, and shown; nil reads each on the CPU, and 16 at a time
    /// elsewhere, where reading makes the device wait for the next step. The numbers are the same.
    package var loggingSteps: Int?
    /// What data order, dropout and a new head are drawn from.
    package var seed: UInt64 = 42
    /// What matrix products compute in; nil takes bf16 where the device multiplies it in hardware.
    package var precision: Precision?
    /// Where the model runs; nil takes the best device there is.
    package var device: Device?
    /// Whether a device other than the CPU is believed without `DeviceCheck`.
    package var skipsDeviceCheck = false
    /// Steps between two checkpoints; nil saves only at the end of each epoch.
    package var saveSteps: Int?
    /// Checkpoints that are kept, the newest ones.
    package var checkpointsKept = 2
    /// Whether scalars are written to `tensorboard/` of the output directory, for TensorBoard.
    package var tensorboard = false
    /// Whether to go on from the newest whole checkpoint of the output directory.
    package var resume = false

    /// The tutorial's settings for a model, a file to train on and a directory to write to.
    package init(model: String, trainFile: String, outputDirectory: String) {
        self.model = model
        self.trainFile = trainFile
        self.outputDirectory = outputDirectory
    }

    /// Rows that one process computes in a step.
    var rowsOfAProcess: Int { batchSize * gradientAccumulationSteps }

    /// Checks each option by itself.
    package func validate() throws(TrainingError) {
        func require(_ condition: Bool, _ message: String) throws(TrainingError) {
            guard condition else { throw .options(message) }
        }
        try require(batchSize >= 1, "--batch-size \(batchSize) must be at least 1")
        try require(
            gradientAccumulationSteps >= 1,
            "--gradient-accumulation-steps \(gradientAccumulationSteps) must be at least 1")
        try require(
            learningRate > 0 && learningRate <= 1, "--learning-rate \(learningRate) must be above 0 and at most 1")
        try require(epochs >= 1, "--epochs \(epochs) must be at least 1")
        try require(maxSteps.map { $0 >= 1 } ?? true, "--max-steps must be at least 1")
        try require((0...1).contains(warmupRatio), "--warmup-ratio \(warmupRatio) must be between 0 and 1")
        try require((0...1).contains(weightDecay), "--weight-decay \(weightDecay) must be between 0 and 1")
        try require(adamEpsilon > 0 && adamEpsilon < 1, "--adam-epsilon \(adamEpsilon) must be above 0 and below 1")
        try require(
            maxGradNorm >= 0 && maxGradNorm.isFinite, "--max-grad-norm \(maxGradNorm) must be 0 (off) or more")
        try require(maxSkippedSteps >= 0, "--max-skipped-steps \(maxSkippedSteps) must be 0 (stop at once) or more")
        try require(loggingSteps.map { $0 >= 1 } ?? true, "--logging-steps must be at least 1")
        try require(
            validationFraction >= 0 && validationFraction < 1,
            "--validation-fraction \(validationFraction) must be at least 0 and below 1")
        try require(precision != .int8, "--precision int8 is for answering; train in fp32 or bf16")
        try require(saveSteps.map { $0 >= 1 } ?? true, "--save-steps must be at least 1")
        try require(checkpointsKept >= 1, "--keep-checkpoints \(checkpointsKept) must be at least 1")
    }

    /// The members of `json(precision:device:)` that change how a run computes and none of its numbers: it may be resumed
    /// with others.
    static let withoutEffectOnNumbers: Set = ["gradient_checkpointing"]

    /// The options that decide what is computed, for `run.json` and to tell whether a run may be resumed with them.
    package func json(precision: Precision, device: Device) -> JSONValue {
        let optional: (Int?) -> JSONValue = { $0.map(JSONValue.int) ?? .null }
        return .object(
            JSONObject([
                ("max_length", .int(features.maxLength)), ("truncation", .string(features.truncation.rawValue)),
                ("doc_stride", features.truncation == .windows ? .int(features.overlap) : .null),
                ("alignment", .string(features.alignment.rawValue)),
                ("drop_lost_answers", .bool(features.dropsLostAnswers)),
                ("batch_size", .int(batchSize)), ("gradient_accumulation_steps", .int(gradientAccumulationSteps)),
                ("gradient_checkpointing", .bool(gradientCheckpointing)),
                ("learning_rate", .double(learningRate)), ("epochs", .int(epochs)), ("max_steps", optional(maxSteps)),
                ("warmup_ratio", .double(warmupRatio)), ("weight_decay", .double(weightDecay)),
                ("adam_epsilon", .double(adamEpsilon)), ("max_grad_norm", .double(maxGradNorm)),
                ("max_skipped_steps", .int(maxSkippedSteps)),
                ("validation_fraction", validationFile == nil ? .double(validationFraction) : .null),
                ("split_by", validationFile == nil ? .string(splitBy.rawValue) : .null),
                ("seed", .string(String(seed))), ("precision", .string(precision.rawValue)),
                ("device", .string(device.rawValue)),
            ]))
    }
}

/// What keeps a run from starting or going on.
package enum TrainingError: Error, Sendable, CustomStringConvertible {
    /// An option is out of range or options contradict each other.
    case options(String)
    /// The data cannot be trained on.
    case data(String)
    /// A file named on the command line is missing.
    case missing(String)
    /// The model cannot be trained.
    case model(ReaderError)
    /// Something could not be written or read in the output directory.
    case output(String)
    /// The loss or the gradients stopped being finite.
    case notFinite(step: Int, what: String, advice: String)
    /// The run was asked to stop and has saved a checkpoint.
    case interrupted(step: Int, checkpoint: String)
    /// The processes that train together did not find each other, or one is gone.
    case processes(String)
    /// libtorch failed.
    case computation(String)

    /// One line for the user.
    package var description: String {
        switch self {
        case .options(let message), .data(let message), .missing(let message), .output(let message),
            .processes(let message), .computation(let message):
            message
        case .model(let error): "--model \(error)"
        case .notFinite(let step, let what, let advice): "\(what) at step \(step) is not finite; \(advice)"
        case .interrupted(let step, let checkpoint):
            "stopped after step \(step); \(checkpoint) holds everything, go on with --resume"
        }
    }
}

/// Fingerprints of files.
package enum FileDigest {
    /// The SHA-256 of a file as hexadecimal digits, read through a memory map a piece at a time.
    package static func sha256(path: String) throws(FileError) -> String {
        let file = try MappedFile(path: path)
        var hash = SHA256()
        file.forEachPiece { hash.update(bufferPointer: $0) }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
