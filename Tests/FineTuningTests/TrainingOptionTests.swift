import FineTuning
import QuestionAnswering
import StrictJSON
import Testing
import Workshop

@Suite("The options of a run")
struct TrainingOptionTests {
    /// A value for each option that is not its default.
    static let samples: [String: JSONValue] = [
        "model": "other", "train_file": "rows.json", "validation_file": "held.json", "validation_fraction": 0.25,
        "split_by": "article", "output_dir": "elsewhere", "max_length": 100, "truncation": "end", "doc_stride": 20,
        "alignment": "mask", "drop_lost_answers": true, "batch_size": 3, "gradient_accumulation_steps": 2,
        "gradient_checkpointing": true, "learning_rate": 0.5, "epochs": 7, "max_steps": 9, "warmup_ratio": 0.125,
        "weight_decay": 0.25, "adam_epsilon": 0.001, "max_grad_norm": 2.5, "max_skipped_steps": 5,
        "max_answer_length": 9, "lr_scheduler": "cosine", "layerwise_decay": 0.5, "freeze_layers": 2,
        "label_smoothing": 0.25, "early_stopping_patience": 3, "average": 0.5, "teacher": ["a", "b"],
        "distillation_temperature": 4.5, "distillation_weight": 0.25,
        "seed": "18446744073709551615",
        "precision": "fp32", "device": "cpu", "skip_device_check": true, "threads": 1, "deterministic": true,
        "cuda_graphs": true,
        "allow_pickle": true, "logging_steps": 4, "save_steps": 6, "keep_checkpoints": 8, "tensorboard": true,
    ]

    private func empty() -> TrainingOptions { TrainingOptions(model: "", trainFile: "", outputDirectory: "") }

    @Test("each is written down as it was set", arguments: TrainingOption.all.map(\.name))
    func survives(name: String) throws {
        let option = try #require(TrainingOption.named(name))
        let sample = try #require(Self.samples[name])
        var options = empty()
        #expect(option.value(options) != sample)
        try options.set(name, to: sample)
        #expect(option.value(options) == sample)
        // Through a file for --config, which has all but the output directory.
        let settings = try #require(options.settings.object)
        #expect((settings[name] == nil) == (name == "output_dir"))
        var again = empty()
        for (key, value) in settings { try again.set(key, to: value) }
        if name != "output_dir" { #expect(option.value(again) == sample) }
    }

    @Test("a value of another kind is refused by name", arguments: TrainingOption.all.map(\.name))
    func kinds(name: String) throws {
        let option = try #require(TrainingOption.named(name))
        var options = empty()
        let error = #expect(throws: TrainingError.self) { try options.set(name, to: [["a list of lists"]]) }
        #expect(error?.kind == .options)
        #expect(error?.description.contains("\(name): \(option.expected)") == true)
    }

    @Test(
        "a number out of range is refused by name",
        arguments: [
            ("batch_size", 0), ("gradient_accumulation_steps", 0), ("learning_rate", 0), ("learning_rate", 2),
            ("epochs", 0),
            ("max_steps", 0), ("warmup_ratio", -1), ("warmup_ratio", 2), ("weight_decay", 2), ("adam_epsilon", 1),
            ("max_grad_norm", -1), ("max_skipped_steps", -1), ("max_answer_length", 0), ("validation_fraction", 1),
            ("threads", 0), ("layerwise_decay", 0), ("layerwise_decay", 2), ("freeze_layers", -1),
            ("label_smoothing", 1), ("early_stopping_patience", 0), ("average", 1.5), ("distillation_temperature", 0),
            ("distillation_weight", -0.1),
            ("logging_steps", 0), ("save_steps", 0), ("keep_checkpoints", 0),
        ] as [(String, JSONValue)])
    func ranges(name: String, value: JSONValue) throws {
        var options = empty()
        try options.validate()
        try options.set(name, to: value)
        let error = #expect(throws: TrainingError.self) { try options.validate() }
        #expect(error?.description.hasPrefix("`\(name)` ") == true)
    }

    @Test("what decides numbers is all but paths and what says how to compute, save and report")
    func deciding() {
        let free: Set = [
            "gradient_checkpointing", "skip_device_check", "threads", "deterministic", "allow_pickle", "logging_steps",
            "save_steps", "keep_checkpoints", "tensorboard",
        ]
        for option in TrainingOption.all {
            #expect(option.decidesNumbers == !(option.isPath || free.contains(option.name)), "\(option.name)")
        }
    }

    @Test("run.json has every option, and the checkpoint of one goes on with others that decide nothing")
    func record() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            (options.maxSteps, options.loggingSteps, options.saveSteps, options.checkpointsKept) = (2, 3, 1, 5)
            _ = try Trainer.train(options)
            let record = try JSONValue.parse(shop.bytes("run/run.json"))
            for option in TrainingOption.all where !option.isPath {
                #expect(record["options"]?[option.name] == option.value(options), "\(option.name)")
            }
            (options.resume, options.loggingSteps, options.saveSteps, options.checkpointsKept) = (true, 1, nil, 1)
            _ = try Trainer.train(options)
        }
    }

    @Test("the throughput counts the steps after the second, also where many are read together")
    func throughput() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            (options.batchSize, options.epochs, options.loggingSteps) = (1, 1, 100)
            let summary = try Trainer.train(options)
            #expect(summary.steps == 12)
            #expect(summary.examplesPerSecond > 0)
        }
    }
}
