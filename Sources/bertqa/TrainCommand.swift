import ArgumentParser
import FineTuning
import Foundation
import QuestionAnswering
import StrictJSON
import Torch

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

            --processes 2 trains by two processes of this machine; torchrun, srun and Kubernetes' PyTorchJob start processes on \
            several. A step then has as many times the rows of --batch-size and --gradient-accumulation-steps.

              torchrun --nnodes 2 --nproc-per-node 8 --no-python bertqa train ...
            """)

    @OptionGroup var arguments: TrainingArguments

    @OptionGroup var team: TeamOptions

    @Flag(help: "Go on from the newest whole checkpoint of --output-dir.")
    var resume = false

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("train") {
            if team.starts {
                // What all of them would refuse is refused once, and fetched once.
                try await arguments.fetched().validate()
                let code = try team.launch(threads: arguments.run.threads)
                if code != 0 { throw ExitCode(code) }
                return
            }
            try arguments.run.apply()
            var options = try await arguments.fetched()
            options.resume = resume
            let interrupt = InterruptFlag(watchingSignals: true, isStarted: TeamOptions.isStarted)
            let members = try team.join(device: options.device ?? Device.best, interrupt: interrupt)
            let summary: TrainingSummary
            do {
                summary = try Trainer(
                    options: options, command: CommandLine.arguments, interrupt: interrupt, team: members
                ).run()
            } catch {
                members.leave(because: error)
                // All of them stop; the one that writes says so.
                if case TrainingError.interrupted = error, !members.writes {
                    throw ExitCode(ExitStatus.interrupted.rawValue)
                }
                // With --processes they share a terminal, where the one that failed has said what there is to say.
                if TeamOptions.isStarted, members.otherSaidWhy { throw ExitCode(ExitStatus(error).rawValue) }
                throw error
            }
            if members.writes { try writeOutput(json ? summary.json.serialized() : summary.text) }
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
                ("processes", .int(processes)), ("waiting_share", .double(waitingShare)),
                ("rows_per_pass", .int(rowsPerPass)),
                ("best_epoch", bestEpoch.map(JSONValue.int) ?? .null),
                ("exact_match", best.map { .double($0.exactMatch) } ?? .null),
                ("f1", best.map { .double($0.f1) } ?? .null),
            ]))
    }

    fileprivate var text: String {
        var lines = ["\(Figures.count(steps, "step")) in \(Figures.duration(seconds))"]
        // A run that was at its end already has no speed.
        if examplesPerSecond > 0 {
            lines[0] +=
                ", \(Figures.fixed(examplesPerSecond, 1)) examples/s, \(Int(realTokensPerSecond)) real tokens/s"
        }
        if processes > 1 {
            lines.append(
                "\(processes) processes; this one waited for the others for \(Figures.fixed(100 * waitingShare, 1)) % of the time"
            )
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
