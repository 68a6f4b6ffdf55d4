import ArgumentParser
import Console
import FineTuning
import QuestionAnswering
import SQuAD
import StrictJSON
import Torch

/// `bertqa train`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a pretrained encoder on a SQuAD file.",
        discussion: """
            Writes a folder with the model of the best epoch, training_stats.json, learning_curve.svg, run.json and \
            checkpoints. \
            Ctrl-C finishes the step, saves a checkpoint and ends with exit code 75; --resume continues from there, \
            bit for bit.

              bertqa train --model bert-folder --train-file train.json --validation-file dev.json --output-dir run

            --preset tutorial is exactly the procedure of the tutorial; --preset fast trains two epochs at 1e-4 with \
            warm-up, \
            which suits small models. --config takes options from a file, with underscores for hyphens; the run.json \
            of an earlier \
            run works too. Options on the command line override the file, and the file overrides the preset.

              bertqa train --config run.yaml --output-dir run2 --seed 43

            --processes 2 trains with two processes on this machine; torchrun, srun and Kubernetes' PyTorchJob start \
            processes on \
            several machines. Each process then computes --batch-size times --gradient-accumulation-steps rows of a \
            step.

              torchrun --nnodes 2 --nproc-per-node 8 --no-python bertqa train ...
            """)

    @OptionGroup var arguments: TrainingArguments

    @OptionGroup var team: TeamOptions

    @Flag(help: "Continue from the newest whole checkpoint of --output-dir.")
    var resume = false

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("train") {
            let options = try await arguments.fetched()
            try begin(options)
        }
    }

    /// Trains, in this process or in several that it starts.
    ///
    /// Not inlined: Swift 6.3.1's optimiser crashes on the asynchronous function that all of this would end up in.
    @inline(never)
    private func begin(_ fetched: TrainingOptions) throws {
        // What all of the processes would refuse is refused once, and fetched once.
        if team.starts { return try launch(fetched) }
        try fetched.prepareProcess()
        var options = fetched
        options.resume = resume
        try train(options)
    }

    /// Starts the processes, and waits for them.
    private func launch(_ options: TrainingOptions) throws {
        try options.validate()
        let code = try team.launch(threads: options.threads)
        if code != 0 { throw ExitCode(code) }
    }

    /// Trains as this process, alone or as one of several.
    private func train(_ options: TrainingOptions) throws {
        let interrupt = InterruptFlag(watchingSignals: true, isStarted: TeamOptions.isStarted)
        let members = try team.join(device: options.device ?? Device.best, interrupt: interrupt)
        let summary: TrainingSummary
        do throws(TrainingError) {
            summary = try Trainer.train(
                options, command: CommandLine.arguments, interrupt: interrupt, team: members,
                onRead: members.writes ? Self.tell : Self.ignore)
        } catch {
            members.leave(because: error)
            // All of them stop; the one that writes says so.
            if error.kind == .interrupted, !members.writes { throw ExitCode(ExitStatus.interrupted.rawValue) }
            // With --processes they share a terminal, where the one that failed has said what there is to say.
            if TeamOptions.isStarted, members.otherSaidWhy { throw ExitCode(ExitStatus(error).rawValue) }
            throw error
        }
        if members.writes { try writeOutput(json ? summary.json.serialized() : summary.text) }
    }
}

extension TrainCommand {
    /// Says what is remarkable about a dataset.
    private static func tell(_ dataset: Dataset) { DatasetExtent(dataset).tell() }

    /// Leaves that to another process.
    private static func ignore(_: Dataset) {}
}
