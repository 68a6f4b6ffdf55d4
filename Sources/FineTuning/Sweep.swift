import Charts
import Console
import Files
import StrictJSON

/// Runs over every combination of a few hyper-parameters.
package struct Sweep: Sendable {
    /// One combination, and its result.
    package struct Run: Sendable, Hashable {
        /// Its highest learning rate.
        package let learningRate: Double
        /// Its rows of one pass.
        package let batchSize: Int
        /// Its epochs.
        package let epochs: Int
        /// Its directory in the sweep's: `lr-5e-05_batch-16_epochs-2`.
        package var name: String { "lr-\(learningRate)_batch-\(batchSize)_epochs-\(epochs)" }
        /// The validation of its best epoch; nil until it is finished, or without validation.
        package internal(set) var best: EpochStatistics.Validation?
        /// Seconds spent training.
        package internal(set) var seconds = 0.0
    }

    /// The combinations in the order in which they are run.
    package private(set) var runs: [Run]
    private let base: TrainingOptions

    /// All combinations; each value counts once.
    ///
    /// - Parameter base: the options that the runs have in common; its output directory is the sweep's.
    package init(base: TrainingOptions, learningRates: [Double], batchSizes: [Int], epochs: [Int]) {
        self.base = base
        var runs: [Run] = []
        for count in Self.unique(epochs) {
            for size in Self.unique(batchSizes) {
                for rate in Self.unique(learningRates) {
                    runs.append(Run(learningRate: rate, batchSize: size, epochs: count))
                }
            }
        }
        self.runs = runs
    }

    private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }

    /// The options of one run.
    package func options(_ run: Run) -> TrainingOptions {
        var options = base
        options.learningRate = run.learningRate
        options.batchSize = run.batchSize
        options.epochs = run.epochs
        options.outputDirectory = "\(base.outputDirectory)/\(run.name)"
        options.resume = true
        return options
    }

    /// Runs the unfinished combinations; a run that was stopped continues where it was.
    ///
    /// - Parameters:
    ///   - command: the command line, for each `run.json`.
    ///   - begins: called for each run with its number from 1.
    /// - Throws: what `Trainer` throws; the earlier runs are complete, and the same call continues.
    package mutating func run(
        command: [String], interrupt: InterruptFlag, begins: (Run, Int) -> Void
    ) throws(TrainingError) {
        for run in runs { try options(run).validate() }
        for index in runs.indices {
            begins(runs[index], index + 1)
            let summary = try Trainer.train(options(runs[index]), command: command, interrupt: interrupt)
            runs[index].seconds = summary.seconds
            runs[index].best = summary.bestEpoch.flatMap { summary.statistics.epochs[$0 - 1].validation }
        }
    }

    private var picture: RankedBars {
        RankedBars(
            title: "F1 of each run's best epoch",
            bars: ranked.map { run in
                RankedBars.Bar(
                    label: "rate \(run.learningRate), batch \(run.batchSize), \(run.epochs) epochs", name: run.name,
                    value: run.best?.f1 ?? 0)
            })
    }

    /// The runs with a validation, best F1 first.
    package var ranked: [Run] {
        runs.filter { $0.best != nil }.sorted { ($0.best?.f1 ?? 0) > ($1.best?.f1 ?? 0) }
    }

    /// Writes `sweep.json` and `sweep.svg` into the sweep's directory, and lets `best` point to the best run.
    package func write() throws(TrainingError) {
        let directory = base.outputDirectory
        let list = runs.map { run in
            JSONValue.object([
                "directory": .string(run.name), "learning_rate": .double(run.learningRate),
                "batch_size": .int(run.batchSize), "epochs": .int(run.epochs),
                "f1": run.best.map { .double($0.f1) } ?? .null,
                "exact_match": run.best.map { .double($0.exactMatch) } ?? .null,
                "valid_loss": run.best.map { .double($0.loss) } ?? .null, "seconds": .double(run.seconds),
            ])
        }
        try TrainingError.wrapping(.output) {
            try DurableFiles.write(JSONValue.array(list).serialized(pretty: true) + "\n", to: "\(directory)/sweep.json")
            try DurableFiles.write(picture.svg(), to: "\(directory)/sweep.svg")
            if let best = ranked.first { try DurableFiles.link("\(directory)/best", to: best.name) }
        }
    }
}
