import BERT
import Files
import Planning
import QuestionAnswering
import Torch
import Tokenizers

/// A planned run: the memory and the time that it would take.
package struct PlannedRun {
    /// The time of an epoch.
    package struct Time: Sendable, Hashable {
        /// Whether gradient checkpointing was on.
        package let checkpointing: Bool
        /// Rows of one pass.
        package let batchSize: Int
        /// Rows a second.
        package let examplesPerSecond: Double
        /// Seconds of training an epoch, without validation and saving.
        package let epoch: Double
        /// Seconds measured.
        package let seconds: Double
    }

    /// What fits.
    package let plan: TrainingPlan
    /// How to train with the batch size that is wanted.
    package let division: TrainingPlan.Division
    /// The peak of `bertqa predict` and `bertqa evaluate` over the same rows.
    package let predict: MemorySize
    /// The rows of the run.
    package let rows: PlannedRows
    /// The precision of matrix products.
    package let precision: Precision
    /// Where the model would run.
    package let device: Device
    /// The CPU's threads.
    package let threads: Int
    /// The number of parameters.
    package let parameterCount: Int
    /// Why no time is measured; nil if it is.
    package let remark: String?
    /// The options of the run.
    package let options: TrainingOptions
    private let features: [Feature]
    private let warn: (String) -> Void
    /// Warnings about the tokenizer.
    private let warnings: [String]

    /// Plans the run of the options: their model, training file (or, if that is empty, rows of the maximum length),
    /// batch size, epochs, seed, precision and device. The device need not be here.
    ///
    /// - Parameters:
    ///   - memory: the memory there is; nil takes this machine's.
    ///   - mapped: bytes that this process had in memory at its start, `Runtime.memory().resident`, as the one that is
    ///     planned will have.
    ///   - warn: called for what is unusual about the model but no error; writes a line on standard error by default.
    /// - Throws: `TrainingError.options` if an option is out of range, a GPU's memory is not given or nothing fits;
    ///   what loading the data throws.
    package init(
        options given: TrainingOptions, memory: MemorySize?, mapped: Int,
        warn: @escaping (String) -> Void = { StandardError.write("warning: \($0)\n") }
    ) throws {
        var options = given
        try options.validate()
        let device = options.device ?? Device.best
        let precision = options.precision ?? .automatic(on: device)
        let directory = try ModelDirectory(path: options.model)
        let config = directory.config
        options.features = try options.features.fitted(to: config.longestRow)
        if device == .cuda, memory == nil {
            throw TrainingError.options("`device` cuda: give the GPU's memory as well, such as `memory` 24GiB")
        }
        if options.trainFile.isEmpty {
            (features, warnings) = ([], [])
            rows = PlannedRows(maxLength: options.features.maxLength)
        } else {
            let tokenizer = try Tokenizer(directory: options.model)
            // The tokenizer knows how many special tokens a row has, which bounds the overlap of windows.
            options.features = try options.features.fitted(to: config.longestRow, tokenizer: tokenizer)
            warnings = tokenizer.warnings
            warnings.forEach(warn)
            features = try TrainingData(options: options, tokenizer: tokenizer).training.features
            rows = PlannedRows(of: features, options)
        }
        let model = MemoryModel(
            config: config, precision: precision, device: device, threads: Runtime.threads,
            stored: try directory.storedType, mapped: mapped, graphs: options.cudaGraphs)
        plan = TrainingPlan(
            model: model, rows: rows, memory: memory ?? MachineMemory.limit, batchSize: options.batchSize,
            checkpointing: options.gradientCheckpointing)
        division = try Self.division(of: plan)
        predict = model.reading(rows.fullPass(of: 4096)).total
        (self.options, self.precision, self.device, self.warn) = (options, precision, device, warn)
        threads = Runtime.threads
        parameterCount = ModelParameters.shapes(config).reduce(0) { $0 + $1.shape.reduce(1, *) }
        remark = Self.remark(options, device: device, division: division)
    }

    private static func division(of plan: TrainingPlan) throws(TrainingError) -> TrainingPlan.Division {
        if let division = plan.division { return division }
        throw .options(
            "`memory` \(plan.memory): training needs at least \(plan.least), with one row per pass and gradient "
                + "checkpointing, plus a tenth of the memory in reserve; use more memory, a smaller model or a lower "
                + "`max_length`")
    }

    private static func remark(_ options: TrainingOptions, device: Device, division: TrainingPlan.Division) -> String? {
        if options.trainFile.isEmpty { return "how long it takes depends on the data: give `train_file`" }
        if !device.isAvailable { return "no time was measured: \(device.rawValue) is not here" }
        if device == .cpu, division.peak.bytes > MachineMemory.limit.bytes {
            return "no time was measured: this machine has \(MachineMemory.limit) only"
        }
        return nil
    }

    /// Measures the batches of the plan and, if they use gradient checkpointing, also those without it that fit; ten
    /// seconds in all. Empty if `remark` says why.
    ///
    /// - Throws: `TrainingError` if the model cannot be loaded or libtorch fails.
    package func calibrations() throws(TrainingError) -> [Time] {
        guard remark == nil, let count = rows.count, let tokens = rows.tokens else { return [] }
        let loaded = try TrainingError.wrapping(.model) {
            try LoadedModel(directory: options.model, use: .training, precision: precision, device: device) {
                // Those were said when the rows were cut.
                if !warnings.contains($0) { warn($0) }
            }
        }
        let divisions = division.checkpointing ? [plan.plainDivision, division].compactMap { $0 } : [division]
        var times: [Time] = []
        for division in divisions {
            let calibration = try Calibration(
                of: loaded, features: features, division: division, options: options, device: device,
                seconds: 10 / Double(divisions.count))
            let step = division.batchSize * division.accumulation
            let epoch = calibration.time(tokens: tokens, steps: (count + step - 1) / step)
            times.append(
                Time(
                    checkpointing: division.checkpointing, batchSize: division.batchSize,
                    examplesPerSecond: Double(count) / epoch, epoch: epoch, seconds: calibration.seconds))
        }
        return times
    }
}

extension PlannedRows {
    /// The rows of a run in the order that its seed gives them in each epoch.
    package init(of features: [Feature], _ options: TrainingOptions) {
        self.init(
            epochs: (0..<options.epochs).map { epoch in
                DataOrder.permutation(count: features.count, seed: options.seed, epoch: epoch).map {
                    features[$0].length
                }
            })
    }
}
