import ArgumentParser
import FineTuning
import Foundation
import QuestionAnswering
import StrictJSON

/// `bertqa train`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a pretrained BERT on a SQuAD file.",
        discussion: """
            Writes a folder with the best epoch's model, training_stats.json, learning_curve.svg, run.json and checkpoints. \
            Ctrl-C finishes the step, saves and leaves with exit code 75; --resume goes on from there, bit for bit.

              bertqa train --model bert-folder --train-file train.json --validation-file dev.json --output-dir run

            --preset tutorial is the tutorial's procedure to the letter; --preset fast trains two epochs at 1e-4 with warm-up, \
            which small models like. Settings can stand in a file, with underscores for hyphens; a run.json that an earlier \
            run wrote can be run again. Options on the command line win over the file, the file over the preset.

              bertqa train --config run.yaml --output-dir run2 --seed 43
            """)

    @OptionGroup var arguments: TrainingArguments

    @Flag(help: "Go on from the newest whole checkpoint of --output-dir.")
    var resume = false

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("train") {
            try arguments.run.apply()
            var options = try await arguments.fetched()
            options.resume = resume
            let trainer = try Trainer(
                options: options, command: CommandLine.arguments,
                interrupt: InterruptFlag(watchingSignals: true))
            let summary = try trainer.run()
            try writeOutput(json ? summary.json.serialized() : summary.text)
        }
    }
}

extension TrainingSummary {
    private var best: EpochStatistics.Validation? { bestEpoch.flatMap { statistics.epochs[$0 - 1].validation } }

    /// The object that `--json` prints.
    fileprivate var json: JSONValue {
        .object(
            JSONObject([
                ("output_dir", .string(outputDirectory)), ("steps", .int(steps)), ("seconds", .double(seconds)),
                ("examples_per_second", .double(examplesPerSecond)),
                ("real_tokens_per_second", .double(realTokensPerSecond)),
                ("best_epoch", bestEpoch.map(JSONValue.int) ?? .null),
                ("exact_match", best.map { .double($0.exactMatch) } ?? .null),
                ("f1", best.map { .double($0.f1) } ?? .null),
            ]))
    }

    fileprivate var text: String {
        var lines = ["\(steps) steps in \(Figures.duration(seconds))"]
        // A run that was at its end already has no speed.
        if examplesPerSecond > 0 {
            lines[0] +=
                ", \(Figures.fixed(examplesPerSecond, 1)) examples/s, \(Int(realTokensPerSecond)) real tokens/s"
        }
        if let best, let bestEpoch {
            lines.append(
                "best epoch \(bestEpoch): exact match \(Figures.fixed(best.exactMatch, 2)), F1 \(Figures.fixed(best.f1, 2))"
            )
        }
        lines.append("the model is in \(outputDirectory); try: bertqa ask --model \(outputDirectory) --help")
        return lines.joined(separator: "\n")
    }
}
