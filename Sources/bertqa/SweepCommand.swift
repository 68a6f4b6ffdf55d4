import ArgumentParser
import Console
import Files
import FineTuning

/// `bertqa sweep`
struct SweepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Train with every combination of a few hyper-parameters, and compare the runs.",
        discussion: """
            Each combination is a separate run in --output-dir. If the sweep is stopped, the same command continues \
            it. At the end it prints a table and writes sweep.json, sweep.svg, and a link "best" to the run with the \
            best F1.

              bertqa sweep --learning-rates 5e-5 3e-5 2e-5 --batch-sizes 16 32 --epochs-list 2 3 4 \\
                --model bert --train-file train.json --validation-file dev.json --output-dir sweep
            """)

    @Option(parsing: .upToNextOption, help: "The learning rates. (default: the value of --learning-rate)")
    var learningRates: [Double] = []

    @Option(parsing: .upToNextOption, help: "The batch sizes. (default: the value of --batch-size)")
    var batchSizes: [Int] = []

    @Option(parsing: .upToNextOption, help: "The numbers of epochs. (default: the value of --epochs)")
    var epochsList: [Int] = []

    @OptionGroup var arguments: TrainingArguments

    func validate() throws {
        let pairs: [(Bool, String)] = [
            (arguments.learningRate != nil && !learningRates.isEmpty, "--learning-rate or --learning-rates"),
            (arguments.batchSize != nil && !batchSizes.isEmpty, "--batch-size or --batch-sizes"),
            (arguments.epochs != nil && !epochsList.isEmpty, "--epochs or --epochs-list"),
        ]
        for (both, names) in pairs where both { throw ValidationError("give \(names), not both") }
    }

    func run() async throws {
        try await reportingErrors("sweep") {
            let base = try await arguments.prepared()
            if base.validationFile == nil, base.validationFraction == 0 {
                throw TrainingError.options(
                    "a sweep needs validation data to compare runs; do not set `validation_fraction` to 0")
            }
            var sweep = Sweep(
                base: base, learningRates: learningRates.isEmpty ? [base.learningRate] : learningRates,
                batchSizes: batchSizes.isEmpty ? [base.batchSize] : batchSizes,
                epochs: epochsList.isEmpty ? [base.epochs] : epochsList)
            let count = sweep.runs.count
            try sweep.run(command: CommandLine.arguments, interrupt: InterruptFlag(watchingSignals: true)) {
                run, number in
                StandardError.write("run \(number) of \(count): \(run.name)\n")
            }
            try sweep.write()
            let rows = sweep.ranked.map { run in
                [
                    "\(run.learningRate)", "\(run.batchSize)", "\(run.epochs)",
                    Figures.fixed(run.best?.exactMatch ?? 0, 2),
                    Figures.fixed(run.best?.f1 ?? 0, 2), Figures.fixed(run.best?.loss ?? 0, 3),
                    Figures.duration(run.seconds),
                ]
            }
            let titles = ["learning rate", "batch", "epochs", "exact match", "F1", "validation loss", "training time"]
            try writeOutput(
                TextTable(titles: titles, rows: rows).text
                    + "\n\(base.outputDirectory)/best is the best run; \(base.outputDirectory)/sweep.svg is the chart")
        }
    }
}
