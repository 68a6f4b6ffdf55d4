import ArgumentParser
import Files
import FineTuning
import Foundation

/// `bertqa demo`
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Fine-tune a small encoder on the sample data, score it, and ask it three questions.",
        discussion: """
            Shows each command before it runs. It takes a few minutes on two cores that have bfloat16 instructions \
            (such as Zen 4 or Sapphire Rapids), and half an hour on older ones. The next time it uses the model that \
            it finds, and continues an interrupted training.

              bertqa demo
              bertqa demo --model bert-base-cased --output-dir runs/base
            """)

    @Option(
        help: """
            The pretrained encoder: its folder, or its id on the Hugging Face hub. (default: the folder that \
            BERTQA_ENCODER names; without it, \(encoderID))
            """, completion: .directory)
    var model: String?

    @Option(
        help: "The folder with train.json, dev.json and unseen.txt. (default: the one that is installed)",
        completion: .directory)
    var sample: String?

    @Option(help: "The folder for the model.", completion: .directory)
    var outputDir = "runs/demo"

    private static let encoderID = "sentence-transformers/all-MiniLM-L6-v2"

    private static let questions = [
        "How many hairs does a sea otter have on a square centimetre of skin?", "When was the fur trade banned?",
        "What do sea otters wrap themselves in while they sleep?",
    ]

    func run() async throws {
        try await reportingErrors("demo") {
            let sample = try sampleFolder()
            if try !isTrained() { try await train(sample) }
            try writeOutput("\nHow good is it on \(sample)/dev.json?")
            try await run("evaluate", "--model", outputDir, "--data", "\(sample)/dev.json")
            try writeOutput("\nQuestions about \(sample)/unseen.txt:")
            for question in Self.questions {
                try writeOutput("\n\(question)")
                try await run(
                    "ask", "--model", outputDir, "--context-file", "\(sample)/unseen.txt", "--question", question)
            }
            try writeOutput("\nThe learning curve is \(outputDir)/learning_curve.svg")
        }
    }

    /// Trains, or continues a training that was interrupted.
    ///
    /// Small batches and a high rate: two epochs of so few questions are few steps.
    private func train(_ sample: String) async throws {
        let encoder = ProcessInfo.processInfo.environment["BERTQA_ENCODER"].flatMap { $0.isEmpty ? nil : $0 }
        let resume = FileManager.default.fileExists(atPath: "\(outputDir)/run.json") ? ["--resume"] : []
        try await run(
            [
                "train", "--model", model ?? encoder ?? Self.encoderID, "--train-file", "\(sample)/train.json",
                "--validation-file", "\(sample)/dev.json", "--output-dir", outputDir, "--preset", "fast",
                "--batch-size", "8", "--learning-rate", "2e-4", "--seed", "42",
            ] + resume)
        // From here on there is nothing to save: signals end the process again.
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }

    /// Whether both epochs of an earlier demo are done.
    private func isTrained() throws -> Bool {
        guard FileManager.default.fileExists(atPath: "\(outputDir)/model.safetensors"),
            FileManager.default.fileExists(atPath: "\(outputDir)/training_stats.json")
        else { return false }
        return try TrainingStatistics(directory: outputDir).epochs.count >= 2
    }

    private func sampleFolder() throws -> String {
        if let sample = sample ?? Installation.sample { return sample }
        throw ValidationError("give --sample: this program was not installed with the sample data (Data/sample)")
    }

    private func run(_ words: String...) async throws { try await run(words) }

    /// Shows a command line of this program and runs it.
    private func run(_ words: [String]) async throws {
        StandardError.write("$ \((["bertqa"] + words).map(ShellWord.quoted).joined(separator: " "))\n")
        var command = try BertQACommand.parseAsRoot(words)
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }
}
