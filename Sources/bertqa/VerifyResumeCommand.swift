import ArgumentParser
import BERT
import FineTuning

/// `bertqa verify-resume`
struct VerifyResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-resume",
        abstract: "Train, kill the training at random moments, resume it, and compare with a run that never stopped.",
        discussion: """
            Takes the options of train. Two runs are written into --output-dir: "whole", which is never stopped, and \
            "broken", which is killed (by SIGKILL, every fourth time by SIGTERM) and resumed. Their models, optimizer \
            states, statistics and TensorBoard values are compared byte by byte, except measured times. Exit code 0 \
            means that all are equal.

              bertqa verify-resume --model bert --train-file train.json --output-dir proof --max-steps 60
            """)

    @Option(help: "How many times the run is killed.")
    var kills = 5

    @OptionGroup var arguments: TrainingArguments

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func validate() throws {
        if kills < 1 { throw ValidationError("--kills \(kills) must be at least 1") }
    }

    func run() async throws {
        try await reportingErrors("verify-resume") {
            var options = try await arguments.fetched()
            // The runs get every option, so that a maximum length which nobody gave is written down for them.
            let positions = try EncoderConfig(directory: options.model).longestRow
            options.features = try options.features.fitted(to: positions)
            options.tensorboard = true
            options.saveSteps = options.saveSteps ?? 5
            try options.validate()
            let verification = try ResumeVerification(options: options)
            let result = try verification.run(kills: kills)
            try writeOutput(json ? result.json.serialized() : result.text)
            guard result.comparison.differences.isEmpty else { throw ExitCode(ExitStatus.internalError.rawValue) }
        }
    }
}
