import FineTuning
import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Options on every way")
struct OptionTests {
    /// All options of a training run but paths, with values that are not their defaults.
    private static let given = [
        "--max-length", "40", "--truncation", "windows", "--doc-stride", "9", "--alignment", "mask",
        "--drop-lost-answers",
        "--batch-size", "3", "--gradient-accumulation-steps", "2", "--gradient-checkpointing", "--learning-rate",
        "0.001",
        "--lr-scheduler", "cosine", "--layerwise-decay", "0.5", "--freeze-layers", "1", "--label-smoothing", "0.125",
        "--distillation-temperature", "4", "--distillation-weight", "0.25", "--average", "0.5",
        "--early-stopping-patience", "3",
        "--epochs", "2", "--max-steps", "2", "--warmup-ratio", "0.5", "--weight-decay", "0.25", "--adam-epsilon",
        "0.001",
        "--max-grad-norm", "2.5", "--max-skipped-steps", "5", "--max-answer-length", "9", "--validation-fraction",
        "0.25", "--split-by", "question",
        "--seed", "18446744073709551615", "--precision", "fp32", "--device", "cpu", "--skip-device-check", "--threads",
        "1",
        "--deterministic", "--allow-pickle", "--logging-steps", "4", "--save-steps", "6", "--keep-checkpoints", "8",
        "--tensorboard",
    ]
    private static let expected: JSONValue = [
        "validation_fraction": 0.25, "split_by": "question", "max_length": 40, "truncation": "windows", "doc_stride": 9,
        "alignment": "mask", "drop_lost_answers": true, "batch_size": 3, "gradient_accumulation_steps": 2,
        "gradient_checkpointing": true, "learning_rate": 0.001, "lr_scheduler": "cosine",
        "layerwise_decay": 0.5, "freeze_layers": 1, "label_smoothing": 0.125, "epochs": 2, "max_steps": 2,
        "distillation_temperature": 4.0, "distillation_weight": 0.25, "average": 0.5, "early_stopping_patience": 3,
        "warmup_ratio": 0.5,
        "weight_decay": 0.25, "adam_epsilon": 0.001, "max_grad_norm": 2.5, "max_skipped_steps": 5,
        "max_answer_length": 9,
        "seed": "18446744073709551615", "precision": "fp32", "device": "cpu", "skip_device_check": true, "threads": 1,
        "deterministic": true, "cuda_graphs": false, "allow_pickle": true, "logging_steps": 4, "save_steps": 6,
        "keep_checkpoints": 8, "tensorboard": true,
    ]

    private func files(_ shop: Workshop) -> [String] {
        ["--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json"]
    }

    private func options(_ shop: Workshop, _ run: String) throws -> JSONValue {
        try #require(try JSONValue.parse(shop.bytes("\(run)/run.json"))["options"])
    }

    @Test("from the command line to run.json, from there by --config to another run, and to the runs of verify-resume")
    func survive() throws {
        try withWorkshop { shop in
            let first = try Tool.run(["train", "--output-dir", "\(shop.path)/first"] + files(shop) + Self.given)
            #expect(first.status == 0, "\(first.err)")
            #expect(try options(shop, "first") == Self.expected)
            let second = try Tool.run([
                "train", "--config", "\(shop.path)/first/run.json", "--output-dir", "\(shop.path)/second",
            ])
            #expect(second.status == 0, "\(second.err)")
            #expect(try options(shop, "second") == Self.expected)
            let proof = try Tool.run(
                ["verify-resume", "--kills", "1", "--output-dir", "\(shop.path)/proof"] + files(shop) + Self.given)
            #expect(proof.status == 0, "\(proof.err)")
            #expect(try options(shop, "proof/whole") == Self.expected)
            #expect(try options(shop, "proof/broken") == Self.expected)
        }
    }

    @Test(
        "a seed has 64 bits in a file too, as a number or as a text, and no more",
        arguments: [
            ("seed: 18446744073709551615", "18446744073709551615"),
            ("seed: \"9223372036854775808\"", "9223372036854775808"),
            ("{\"seed\": 9007199254740993}", "9007199254740993"),
            ("seed: 18446744073709551616", nil), ("seed: -1", nil), ("seed: 1e3", nil),
        ])
    func seeds(line: String, expected: String?) throws {
        try withWorkshop { shop in
            let file = "\(shop.path)/run.yaml"
            try line.write(toFile: file, atomically: true, encoding: .utf8)
            let output = try Tool.run(
                ["train", "--config", file, "--output-dir", "\(shop.path)/run", "--max-steps", "1"] + files(shop))
            if let expected {
                #expect(output.status == 0, "\(output.err)")
                #expect(try options(shop, "run")["seed"]?.string == expected)
            } else {
                output.expectFailure(64, "seed", "a whole number from 0 to 2^64 - 1")
            }
        }
    }

    @Test("a seed of more than 64 bits is a usage error", arguments: ["train", "plan"])
    func tooLargeSeed(command: String) throws {
        try withWorkshop { shop in
            let others = command == "train" ? ["--output-dir", "\(shop.path)/run"] : []
            for seed in ["18446744073709551616", "-1"] {
                try Tool.run([command, "--seed=\(seed)"] + others + files(shop)).expectFailure(64, "--seed")
            }
        }
    }

    @Test("a flag that a file switches on is switched off on the command line, and auto wins over a file's choice")
    func off() throws {
        try withWorkshop { shop in
            let file = "\(shop.path)/run.yaml"
            try "tensorboard: true\ndrop_lost_answers: true\nprecision: fp32\nmax_steps: 1\n".write(
                toFile: file, atomically: true, encoding: .utf8)
            let output = try Tool.run(
                [
                    "train", "--config", file, "--output-dir", "\(shop.path)/run", "--max-length", "32",
                    "--no-tensorboard",
                    "--no-drop-lost-answers", "--threads", "1", "--validation-fraction", "0",
                ] + files(shop))
            #expect(output.status == 0, "\(output.err)")
            #expect(try options(shop, "run")["tensorboard"] == false)
            #expect(try options(shop, "run")["drop_lost_answers"] == false)
        }
    }

    @Test("train explains every option of the table")
    func help() throws {
        let help = try Tool.run(["train", "--help"]).out
        for option in TrainingOption.all {
            let flag = "--" + option.name.replacingOccurrences(of: "_", with: "-")
            #expect(help.contains(" \(flag) ") || help.contains(" \(flag)/"), "\(flag)")
        }
    }

    @Test("docs/reference/options.md is what the program prints of its options")
    func reference() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(
            contentsOf: repository.appendingPathComponent("docs/reference/options.md"), encoding: .utf8)
        let output = try Tool.run(["reference"])
        #expect(output.out == page, "write it again: bertqa reference > docs/reference/options.md")
    }

    @Test("libraries name options as files do, and the tool spells them as flags")
    func flags() throws {
        try withWorkshop { shop in
            let output = try Tool.run(
                ["train", "--output-dir", "\(shop.path)/run", "--max-length", "4"] + files(shop))
            output.expectFailure(64, "--max-length 4 leaves no room")
            #expect(!output.err.contains("`"))
        }
    }
}
