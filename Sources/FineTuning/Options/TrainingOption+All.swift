import QuestionAnswering
import StrictJSON

extension TrainingOption {
    /// All options of a run, in the order in which they are written down.
    package static let all: [TrainingOption] = data + rows + steps + machine + records

    private static let data: [TrainingOption] = [
        .text(
            "model", \.model, .path,
            help: "The pretrained model: its folder, or its id on the Hugging Face hub, such as bert-base-cased."),
        TrainingOption(
            "train_file", .path, expected: "a text or a list of texts",
            help:
                "The dataset to train on; squad (version 1.1) or squad_v2 fetches the official one. Several may be "
                + "given, each with ,weight=X (how often an epoch has each question), ,cap=N (at most N questions), "
                + ",answers=all or anywhere (every listed place, or every place with the words, counts as right).",
            read: { options in
                let written = options.trainFiles.map { JSONValue.string($0.written) }
                return written.count == 1 ? written[0] : .array(written)
            },
            write: TrainingSource.set),
        .text(
            "validation_file", \.validationFile, .path,
            help:
                "The dataset to validate on after each epoch; squad or squad_v2 fetches the dev part of the official "
                + "one."
        ),
        TrainingOption(
            "validation_fraction", .decides, expected: "a number",
            range: OptionRange(words: "at least 0 and below 1") { $0 >= 0 && $0 < 1 },
            help: "Without a validation file: the share of the training questions to validate on; 0 for none.",
            read: { $0.validationFile == nil ? .double($0.validationFraction) : .null },
            write: { options, value in
                guard let number = value.double else { return false }
                options.validationFraction = number
                return true
            }),
        TrainingOption(
            "split_by", .decides, expected: "one of question, article",
            help: "Whether single questions or whole articles are held out for validation.",
            read: { $0.validationFile == nil ? .string($0.splitBy.rawValue) : .null },
            write: { options, value in
                guard let unit = value.string.flatMap(DataSplit.init(rawValue:)) else { return false }
                options.splitBy = unit
                return true
            }),
        .text("output_dir", \.outputDirectory, .path, help: "The folder to write."),
    ]

    private static let rows: [TrainingOption] = [
        .whole(
            "max_length", \.features.maxLength, .decides,
            help: "The most tokens of one row, question and special tokens included."),
        .choice(
            "truncation", \.features.truncation, .decides,
            help:
                "What happens to texts that are too long: windows reads them whole, end and start cut off that side, "
                + "longest_first cuts as the tutorial does."),
        TrainingOption(
            "doc_stride", .decides, expected: "a whole number",
            help: "Tokens that two windows of one text share; by default 128, or a third of a row.",
            read: { $0.features.truncation == .windows ? .int($0.features.overlap) : .null },
            write: { options, value in
                guard let number = value.int else { return false }
                options.features.docStride = number
                return true
            }),
        .choice(
            "alignment", \.features.alignment, .decides,
            help: "How the tokens of an answer are found: by offsets, or by masks as in the tutorial."),
        .flag(
            "drop_lost_answers", \.features.dropsLostAnswers, .decides,
            help: "Leave out questions whose answer is cut, as the tutorial does, instead of training on what is "
                + "left."),
    ]

    private static let steps: [TrainingOption] = [
        .whole("batch_size", \.batchSize, .decides, .atLeast(1), help: "Rows of one pass."),
        .whole(
            "gradient_accumulation_steps", \.gradientAccumulationSteps, .decides, .atLeast(1),
            help: "Passes whose gradients add up to one step."),
        .flag(
            "gradient_checkpointing", \.gradientCheckpointing, .none,
            help:
                "Compute each layer again in the backward pass instead of keeping it: less memory for about a third "
                + "more time, and the same numbers. `bertqa plan` says how much."),
        .number(
            "learning_rate", \.learningRate, .decides,
            OptionRange(words: "above 0 and at most 1") { $0 > 0 && $0 <= 1 }, help: "The highest learning rate."),
        .choice(
            "lr_scheduler", \.learningRateShape, .decides,
            help:
                "The learning rate after warm-up: linear and cosine fall to 0 at the last step, constant does not "
                + "fall."),
        .number(
            "layerwise_decay", \.layerwiseDecay, .decides,
            OptionRange(words: "above 0 and at most 1") { $0 > 0 && $0 <= 1 },
            help:
                "The factor by which the learning rate falls for each layer below the last; the head and the last "
                + "layer have the full rate. 1: the same rate everywhere."),
        .whole(
            "freeze_layers", \.freezeLayers, .decides, .atLeast(0),
            help:
                "Train neither the embeddings nor this many layers above them: less time and memory; 0 freezes only "
                + "the embeddings."),
        .number(
            "label_smoothing", \.labelSmoothing, .decides,
            OptionRange(words: "at least 0 and below 1") { $0 >= 0 && $0 < 1 },
            help: "The share of each label that is spread evenly over all tokens of its row."),
        .whole("epochs", \.epochs, .decides, .atLeast(1), help: "How often every row is seen."),
        .whole("max_steps", \.maxSteps, .decides, .atLeast(1), help: "Stop after this many steps."),
        TrainingOption(
            "teacher", .path, expected: "a text or a list of texts",
            help:
                "A fine-tuned model to learn from in addition to the labels: its folder, or its id on the Hugging Face "
                + "hub; its tokenizer must be the model's. If there are several, the mean of their distributions is "
                + "used.",
            read: { options in
                let names = options.teachers.map(JSONValue.string)
                return names.isEmpty ? .null : names.count == 1 ? names[0] : .array(names)
            },
            write: { options, value in
                let names = value.array?.map(\.string) ?? [value.string]
                guard !names.isEmpty, !names.contains(nil) else { return false }
                options.teachers = names.compactMap(\.self)
                return true
            }),
        .number(
            "distillation_temperature", \.distillationTemperature, .decides,
            OptionRange(words: "above 0 and at most 100") { $0 > 0 && $0 <= 100 },
            help: "Logits are divided by this before the model is compared with its teachers."),
        .number(
            "distillation_weight", \.distillationWeight, .decides, .share,
            help: "The weight of the teachers relative to the labels: 1 uses the teachers alone."),
        .number(
            "average", \.average, .decides, .share,
            help:
                "Validate and keep the mean of the weights over the last steps, this share of all steps; 0 keeps the "
                + "last weights."),
        .whole(
            "early_stopping_patience", \.earlyStoppingPatience, .decides, .atLeast(1),
            help: "Stop after this many epochs in a row without a better validation F1."),
        .number(
            "warmup_ratio", \.warmupRatio, .decides, .share,
            help: "The share of the steps during which the learning rate rises."),
        .number(
            "weight_decay", \.weightDecay, .decides, .share,
            help: "AdamW's weight decay; biases and layer norms are excluded."),
        .number(
            "adam_epsilon", \.adamEpsilon, .decides, OptionRange(words: "above 0 and below 1") { $0 > 0 && $0 < 1 },
            help: "AdamW's epsilon."),
        .number(
            "max_grad_norm", \.maxGradNorm, .decides,
            OptionRange(words: "0 (off) or more") { $0 >= 0 && $0.isFinite },
            help: "The limit of the gradients' norm; 0 for none."),
        .whole(
            "max_skipped_steps", \.maxSkippedSteps, .decides,
            OptionRange(words: "0 (stop at once) or more") { $0 >= 0 },
            help: "Steps in a row that may be skipped because their numbers are not finite."),
        .whole(
            "max_answer_length", \.maxAnswerLength, .decides,
            OptionRange(words: "from 1 to 65536") { (1...65_536).contains($0) },
            help: "The most tokens of an answer in the validation."),
        TrainingOption(
            "seed", .decides, expected: "a whole number from 0 to 2^64 - 1",
            help: "The seed of the order of the data, of dropout and of a new head.",
            // As text: many programs read JSON's numbers as floating-point ones, which do not hold 64 bits.
            read: { .string(String($0.seed)) },
            write: { options, value in
                let seed = value.int.flatMap(UInt64.init(exactly:)) ?? value.string.flatMap { UInt64($0) }
                guard let seed else { return false }
                options.seed = seed
                return true
            }),
    ]

    private static let machine: [TrainingOption] = [
        .automatic(
            "precision", \.precision, expected: "auto, fp32, bf16 or fp16",
            help:
                "The precision of matrix products; auto takes bf16 if the device multiplies it in hardware, else fp16 "
                + "on GPUs of compute capability 7.0 or higher."),
        .automatic(
            "device", \.device, expected: "auto, cpu, cuda or mps",
            help: "Where the model runs; auto takes the best device there is."),
        .flag(
            "skip_device_check", \.skipsDeviceCheck, .none,
            help: "Use a GPU without first comparing its results with the CPU's."),
        .whole("threads", \.threads, .none, .atLeast(1), help: "CPU threads. (default: all cores)"),
        .flag(
            "deterministic", \.deterministic, .none,
            help: "Use slower GPU operations that compute the same bits in every run. CPU runs are repeatable anyway."),
        .flag(
            "cuda_graphs", \.cudaGraphs, .decides,
            help: "Record the work of a GPU as CUDA graphs, so that it does not wait for launches. "
                + "No GPU has run this yet: compare a run with one without it first."),
        .flag(
            "allow_pickle", \.allowsPickle, .none,
            help: "Convert weights that exist only as a pickle (pytorch_model.bin); none of its code is run."),
    ]

    private static let records: [TrainingOption] = [
        .whole(
            "logging_steps", \.loggingSteps, .none, .atLeast(1),
            help: "Read the losses from the device every N steps. (default: 1, on a GPU 16)"),
        .whole(
            "save_steps", \.saveSteps, .none, .atLeast(1),
            help: "Save a checkpoint every N steps, in addition to the one after each epoch."),
        .whole("keep_checkpoints", \.checkpointsKept, .none, .atLeast(1), help: "How many checkpoints are kept."),
        .flag(
            "tensorboard", \.tensorboard, .none,
            help: "Write scalars for TensorBoard into the folder tensorboard of the output."),
    ]
}
