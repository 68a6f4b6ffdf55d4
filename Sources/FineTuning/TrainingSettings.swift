import BERT
import QuestionAnswering
import StrictJSON
import Torch

/// Options that belong together.
package enum TrainingPreset: String, Sendable, CaseIterable {
    /// The procedure of the tutorial that the project grew from, exactly: batches of 16, AdamW at 2e-5 without decay, linear
    /// to zero, clipping at 1, three epochs, each one's weights kept, a random twentieth split off, pairs cut
    /// `longest_first` at 384 tokens, labels by masks, questions left out whose answer is cut.
    case tutorial
    /// Fewer epochs at a higher rate that rises first, in bfloat16 where the device has it: near the best result in little
    /// time for small encoders.
    case fast

    /// Sets what the preset decides.
    package func apply(to options: inout TrainingOptions) {
        switch self {
        case .tutorial:
            options.features = FeatureOptions(maxLength: 384, truncation: .longestFirst)
            options.features.alignment = .mask
            options.features.dropsLostAnswers = true
            (options.batchSize, options.epochs, options.checkpointsKept) = (16, 3, 3)
            (options.learningRate, options.adamEpsilon, options.weightDecay) = (2e-5, 1e-8, 0)
            (options.warmupRatio, options.maxGradNorm, options.validationFraction) = (0, 1, 0.05)
        case .fast:
            (options.epochs, options.learningRate, options.warmupRatio) = (2, 1e-4, 0.1)
        }
    }
}

extension TrainingOptions {
    /// The names of settings in files: the long options with underscores.
    package static var settingNames: [String] { setters.keys.sorted() }

    /// Sets an option by its name in a file.
    ///
    /// - Throws: `TrainingError.options` if there is no such option, or it takes another kind of value.
    package mutating func set(_ name: String, to value: JSONValue) throws(TrainingError) {
        guard let setter = Self.setters[name] else {
            throw .options("there is no setting '\(name)'; there are \(Self.settingNames.joined(separator: ", "))")
        }
        // What run.json records as null has its default.
        if value == .null { return }
        guard setter.set(&self, value) else {
            throw .options("\(name): \(setter.expected) was expected, not \(value.serialized())")
        }
    }

    /// All options but the output directory under the names that files use: a file for `--config`, to run the same elsewhere.
    package var settings: JSONValue {
        let optional: (Int?) -> JSONValue = { $0.map(JSONValue.int) ?? .null }
        var members: [(String, JSONValue)] = [
            ("model", .string(model)), ("train_file", .string(trainFile)),
            ("validation_file", validationFile.map(JSONValue.string) ?? .null),
            ("save_steps", optional(saveSteps)), ("keep_checkpoints", .int(checkpointsKept)),
            ("tensorboard", .bool(tensorboard)),
        ]
        let deciding = json(precision: precision ?? .fp32, device: device ?? .cpu).object ?? JSONObject([])
        members += deciding.map { key, value in
            switch key {
            case "precision": (key, .string(precision?.rawValue ?? "auto"))
            case "device": (key, .string(device?.rawValue ?? "auto"))
            default: (key, value)
            }
        }
        return .object(JSONObject(members))
    }

    private struct Setter: Sendable {
        let expected: String
        let set: @Sendable (inout TrainingOptions, JSONValue) -> Bool
    }

    private static func whole(_ set: @escaping @Sendable (inout TrainingOptions, Int) -> Void) -> Setter {
        Setter(expected: "a whole number") { options, value in
            guard let number = value.int else { return false }
            set(&options, number)
            return true
        }
    }

    private static func number(_ set: @escaping @Sendable (inout TrainingOptions, Double) -> Void) -> Setter {
        Setter(expected: "a number") { options, value in
            guard let number = value.double else { return false }
            set(&options, number)
            return true
        }
    }

    private static func text(_ set: @escaping @Sendable (inout TrainingOptions, String) -> Void) -> Setter {
        Setter(expected: "a text") { options, value in
            guard let text = value.string else { return false }
            set(&options, text)
            return true
        }
    }

    private static func flag(_ set: @escaping @Sendable (inout TrainingOptions, Bool) -> Void) -> Setter {
        Setter(expected: "true or false") { options, value in
            guard let bool = value.bool else { return false }
            set(&options, bool)
            return true
        }
    }

    private static func name<Name: RawRepresentable & CaseIterable & Sendable>(
        _ type: Name.Type, _ set: @escaping @Sendable (inout TrainingOptions, Name) -> Void
    ) -> Setter where Name.RawValue == String {
        let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
        return Setter(expected: "one of \(names)") { options, value in
            guard let name = value.string.flatMap(Name.init(rawValue:)) else { return false }
            set(&options, name)
            return true
        }
    }

    private static let setters: [String: Setter] = [
        "model": text { $0.model = $1 },
        "train_file": text { $0.trainFile = $1 },
        "validation_file": text { $0.validationFile = $1 },
        "output_dir": text { $0.outputDirectory = $1 },
        "validation_fraction": number { $0.validationFraction = $1 },
        "split_by": name(DataSplit.self) { $0.splitBy = $1 },
        "max_length": whole { $0.features.maxLength = $1 },
        "truncation": name(ContextTruncation.self) { $0.features.truncation = $1 },
        "doc_stride": whole { $0.features.docStride = $1 },
        "alignment": name(SpanAlignment.self) { $0.features.alignment = $1 },
        "drop_lost_answers": flag { $0.features.dropsLostAnswers = $1 },
        "tensorboard": flag { $0.tensorboard = $1 },
        "batch_size": whole { $0.batchSize = $1 },
        "gradient_accumulation_steps": whole { $0.gradientAccumulationSteps = $1 },
        "gradient_checkpointing": flag { $0.gradientCheckpointing = $1 },
        "learning_rate": number { $0.learningRate = $1 },
        "epochs": whole { $0.epochs = $1 },
        "max_steps": whole { $0.maxSteps = $1 },
        "warmup_ratio": number { $0.warmupRatio = $1 },
        "weight_decay": number { $0.weightDecay = $1 },
        "adam_epsilon": number { $0.adamEpsilon = $1 },
        "max_grad_norm": number { $0.maxGradNorm = $1 },
        "max_skipped_steps": whole { $0.maxSkippedSteps = $1 },
        "logging_steps": whole { $0.loggingSteps = $1 },
        "seed": Setter(expected: "a whole number from 0") { options, value in
            let seed = value.int.flatMap(UInt64.init(exactly:)) ?? value.string.flatMap { UInt64($0) }
            guard let seed else { return false }
            options.seed = seed
            return true
        },
        "precision": Setter(expected: "auto, fp32 or bf16") { options, value in
            guard let text = value.string, text == "auto" || Precision(rawValue: text) != nil else { return false }
            options.precision = Precision(rawValue: text)
            return true
        },
        "device": Setter(expected: "auto, cpu, cuda or mps") { options, value in
            guard let text = value.string, text == "auto" || Device(rawValue: text) != nil else { return false }
            options.device = Device(rawValue: text)
            return true
        },
        "save_steps": whole { $0.saveSteps = $1 },
        "keep_checkpoints": whole { $0.checkpointsKept = $1 },
    ]
}
