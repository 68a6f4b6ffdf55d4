import ArgumentParser
import CQuickStart
import Console
import Files
import FineTuning

/// The root command.
@main
struct BertQACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bertqa",
        abstract:
            "Fine-tune BERT, RoBERTa and related encoders for extractive question answering, and score and serve them.",
        discussion: """
            A model is a folder in the Hugging Face layout (config.json, model.safetensors, vocab.txt). Data is a file \
            in SQuAD \
            format, or rows as JSON or CSV (`bertqa convert --help`). A first run:

              bertqa check --data questions.json
              bertqa train --model bert-folder --train-file questions.json --output-dir run
              bertqa evaluate --model run --data held-out.json
              bertqa ask --model run --context-file text.txt --question "Who wrote it?"
              bertqa serve --model run

            Exit codes: 0 done, 64 usage, 65 bad data, 66 input missing, 70 internal, 74 input or output, 75 \
            interrupted with a \
            checkpoint saved. With --json one JSON object goes to standard output; progress goes to standard error.
            """,
        version: BertQA.version,
        subcommands: [ReferenceCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Data",
                subcommands: [CheckCommand.self, ConvertCommand.self, InspectCommand.self, LengthsCommand.self]),
            CommandGroup(
                name: "Training",
                subcommands: [
                    TrainCommand.self, PlanCommand.self, SweepCommand.self, VerifyResumeCommand.self, PlotCommand.self,
                ]),
            CommandGroup(
                name: "Scores",
                subcommands: [
                    EvaluateCommand.self, CompareCommand.self, ScoreCommand.self, CalibrateCommand.self,
                    QuantizeCommand.self,
                ]),
            CommandGroup(
                name: "Answers",
                subcommands: [
                    AskCommand.self, ChatCommand.self, IndexCommand.self, ServeCommand.self, PredictCommand.self,
                    MergeCommand.self,
                ]),
            CommandGroup(
                name: "Models",
                subcommands: [DownloadCommand.self, UploadCommand.self, ExportCommand.self, TokenizeCommand.self]),
            CommandGroup(name: "First steps", subcommands: [DemoCommand.self, EnvCommand.self]),
        ])

    /// Runs the command that the command line names. Numbers of any option that are far out of range are refused first.
    static func main() async {
        ProcessEnd.skipDestructors()
        // A usage error shows the usage of the command that it is about.
        var failing: any ParsableCommand.Type = self
        do {
            var command = try parseAsRoot()
            try startWhole(for: command)
            if !isParsersOwn(command) { failing = type(of: command) }
            if let fault = ProcessWords.fault() { throw ValidationError(fault) }
            if let fault = unknownTopic(of: CommandLine.arguments) { throw ValidationError(fault) }
            if let fault = Self.fault(in: command) { throw ValidationError(fault) }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(failing, with: error)
        }
    }

    /// Ends the program as the parser would, but that a command's usage begins with the program's name.
    private static func end(_ command: any ParsableCommand.Type, with error: any Error) -> Never {
        guard error is ValidationError, command != self else { command.exit(withError: error) }
        let (name, message) = (command._commandName, command.fullMessage(for: error))
        StandardError.write(
            message.replacing("Usage: \(name)", with: "Usage: bertqa \(name)")
                .replacing("See '\(name)", with: "See 'bertqa \(name)") + "\n")
        command.exit(withError: ExitCode.validationFailure)
    }

    /// A start without libtorch's initialisers is for texts alone: for anything else the program starts again.
    private static func startWhole(for command: any ParsableCommand) throws {
        guard qs_is_quick(), !(command is BertQACommand), !isParsersOwn(command) else { return }
        // It returns only if it fails.
        throw FileError(path: CommandLine.arguments[0], code: qs_restart())
    }

    /// Whether a command is the argument parser's: `--help` and `help` are parsed into one, which prints the text.
    private static func isParsersOwn(_ command: any ParsableCommand) -> Bool {
        String(reflecting: type(of: command)).hasPrefix("ArgumentParser.")
    }

    /// Why `help` cannot explain what it was asked for: the parser's own answers every word with the root's help.
    private static func unknownTopic(of arguments: [String]) -> String? {
        guard arguments.count > 2, arguments[1] == "help", !arguments[2].hasPrefix("-") else { return nil }
        let known = configuration.subcommands.map { $0._commandName } + ["help"]
        return known.contains(arguments[2])
            ? nil : "there is no command '\(arguments[2])'; `bertqa --help` lists all commands"
    }

    private static func fault(in command: any ParsableCommand) -> String? {
        for (name, value) in GivenArguments.numbers(of: command) {
            if let fault = NumberLimit.fault(name, value) { return "\(Flags.flag(name)) \(fault)" }
        }
        // Of these the commands say themselves what an empty one means.
        let texts = ["question", "context", "id"]
        for (name, value) in GivenArguments.of(command) where !texts.contains(name) {
            let values = value.array ?? [value]
            if values.contains(.string("")) { return "\(Flags.flag(name)) is empty; give a value or leave it out" }
        }
        return nil
    }
}
