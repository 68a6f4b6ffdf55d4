import BERT
import QuestionAnswering
import SQuAD
import StrictJSON
import Torch
import WordPiece

/// What a finished run came to.
public struct TrainingSummary: Sendable {
    /// Where the model is.
    public let outputDirectory: String
    /// Steps taken, those before a resume included.
    public let steps: Int
    /// Seconds spent training.
    public let seconds: Double
    /// Rows a second over the steps after the second of this process.
    public let examplesPerSecond: Double
    /// Tokens a second over the same steps.
    public let realTokensPerSecond: Double
    /// The epoch whose model was kept, counted from 1.
    public let bestEpoch: Int?
    /// The epochs.
    public let statistics: TrainingStatistics
}

/// Fine-tunes a pretrained BERT on a SQuAD file.
///
/// Read `run()` and `step()`: they are the whole procedure. What is computed is a function of the options and the
/// seed: the order of the rows comes from (seed, epoch), dropout from (seed, step) and each row's number.
public final class Trainer {
    private let options: TrainingOptions
    private let settings: JSONValue
    private let device: Device
    private let directory: RunDirectory
    private let store: CheckpointStore
    private let loaded: LoadedModel
    private let data: TrainingData
    private let optimizer: AdamW
    private let schedule: LinearSchedule
    private let interrupt: InterruptFlag
    private let environment: RunEnvironment
    private var state = TrainingState()
    private var report: TrainingReport
    private var events: TrainingEvents?
    private var throughput = Throughput()

    private var model: BertForQuestionAnswering { loaded.model }
    private var rows: [Feature] { data.training.features }
    private var rowsPerStep: Int { options.batchSize * options.gradientAccumulationSteps }
    private var stepsPerEpoch: Int { (rows.count + rowsPerStep - 1) / rowsPerStep }

    /// Reads the data and the model, takes the output directory, and with `resume` goes to where the run stopped.
    ///
    /// - Parameter command: the command line, for `run.json`.
    /// - Throws: `TrainingError` that names the file or the option; nothing is written before all of them are checked.
    public init(
        options: TrainingOptions, command: [String] = [], interrupt: InterruptFlag = InterruptFlag()
    ) throws(TrainingError) {
        try options.validate()
        let device = options.device ?? Device.best
        guard device.isAvailable else {
            throw .options("--device \(device.rawValue): this libtorch cannot use one here")
        }
        let precision = options.precision ?? .automatic(on: device)
        self.options = options
        self.device = device
        self.interrupt = interrupt
        environment = RunEnvironment(device: device)
        settings = options.json(precision: precision, device: device)
        report = TrainingReport()
        loaded = try Self.load(options, precision: precision, device: device)
        data = try TrainingData(options: options, tokenizer: loaded.tokenizer)
        directory = try RunDirectory(options: options)
        store = CheckpointStore(outputDirectory: options.outputDirectory, kept: options.checkpointsKept)
        let rowsPerStep = options.batchSize * options.gradientAccumulationSteps
        let perEpoch = (data.training.features.count + rowsPerStep - 1) / rowsPerStep
        let total = min(perEpoch * options.epochs, options.maxSteps ?? .max)
        schedule = LinearSchedule(
            peak: options.learningRate, warmupSteps: Int(options.warmupRatio * Double(total)), totalSteps: total)
        var adamW = AdamW.Options()
        adamW.epsilon = options.adamEpsilon
        adamW.weightDecay = options.weightDecay
        do {
            optimizer = try AdamW(
                parameters: loaded.model.parameters.all, options: adamW, decays: BertParameters.decays)
        } catch {
            throw .computation("\(error)")
        }
        report.start(options, loaded, data, device: device, precision: precision, totalSteps: total)
        if options.resume { try resume() }
        if options.tensorboard { try openEvents() }
        try directory.writeRecord(
            options: options, settings: settings, environment: environment, command: command)
    }

    private static func load(
        _ options: TrainingOptions, precision: Precision, device: Device
    ) throws(TrainingError) -> LoadedModel {
        let loaded: LoadedModel
        do {
            loaded = try LoadedModel(
                directory: options.model, use: .training, precision: precision, device: device,
                headSeed: options.seed, skipsDeviceCheck: options.skipsDeviceCheck)
        } catch {
            throw .model(error)
        }
        do {
            if let name = try NumericFault.firstNotFinite(loaded.model.parameters.all) {
                throw TrainingError.model(
                    .notFinite(
                        "\(options.model): the weights \(name) have numbers that are not finite; take another copy"))
            }
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .computation("\(error)")
        }
        do {
            try options.features.validate(maxPositions: loaded.model.config.maxPositionEmbeddings)
        } catch {
            throw .options(error.description)
        }
        return loaded
    }

    /// Trains to the end.
    ///
    /// - Throws: `TrainingError.interrupted` after a signal, with a checkpoint saved; `.notFinite` when the numbers
    ///   break down, the last checkpoint untouched.
    public func run() throws(TrainingError) -> TrainingSummary {
        // An epoch whose rows are all done but which has rows counted still has to be validated.
        while state.epoch < options.epochs, state.step < schedule.totalSteps || state.row > 0 {
            let order = DataOrder.permutation(count: rows.count, seed: options.seed, epoch: state.epoch)
            while state.row < rows.count, state.step < schedule.totalSteps {
                try step(order[state.row..<min(state.row + rowsPerStep, rows.count)])
                try saveIfDue()
            }
            try finishEpoch()
        }
        report.finish(state.statistics)
        return TrainingSummary(
            outputDirectory: options.outputDirectory, steps: state.step,
            seconds: state.statistics.epochs.reduce(0) { $0 + $1.trainingSeconds },
            examplesPerSecond: throughput.examplesPerSecond, realTokensPerSecond: throughput.tokensPerSecond,
            bestEpoch: state.statistics.bestEpoch, statistics: state.statistics)
    }

    /// One step down the gradient of the mean loss over the given rows.
    private func step(_ numbers: ArraySlice<Int>) throws(TrainingError) {
        let clock = ContinuousClock()
        let start = clock.now
        let rate = schedule.rate(step: state.step)
        let sum: GradientSum
        do {
            sum = try addGradients(numbers)
            if sum.fault == nil { try optimizer.update(learningRate: rate) }
        } catch {
            throw .computation("step \(state.step + 1): \(error)")
        }
        state.step += 1
        state.row += numbers.count
        state.tokens += sum.tokens
        let seconds = (clock.now - start) / .seconds(1)
        state.seconds += seconds
        if let fault = sum.fault {
            try skip(fault, rows: numbers.count)
        } else {
            state.optimizerStep += 1
            state.skippedInARow = 0
            state.lossSum += sum.loss * Double(numbers.count)
            try record([("train/loss", sum.loss), ("train/learning_rate", rate), ("train/gradient_norm", sum.norm)])
        }
        throughput.add(examples: numbers.count, tokens: sum.tokens, seconds: seconds)
        if sum.fault == nil {
            report.step(state, total: schedule.totalSteps, loss: sum.loss, rate: rate, throughput: throughput)
        }
        do {
            try events?.addThroughput(
                examples: numbers.count, tokens: sum.tokens, seconds: seconds, step: state.step)
        } catch {
            throw .output("\(error)")
        }
    }

    /// What the passes of a step came to; the gradients are with the parameters.
    private struct GradientSum {
        var loss = 0.0
        var norm = 0.0
        var tokens = 0
        /// What spoils the step; the gradients are not whole then.
        var fault: NumericFault?
    }

    /// Adds up the gradients of the mean loss over the given rows, batch by batch, and clips them.
    private func addGradients(_ numbers: ArraySlice<Int>) throws -> GradientSum {
        let dropout = DropoutSource(config: model.config, seed: options.seed, step: state.step)
        var sum = GradientSum()
        try optimizer.clearGradients()
        for first in stride(from: numbers.startIndex, to: numbers.endIndex, by: options.batchSize) {
            let chosen = numbers[first..<min(first + options.batchSize, numbers.endIndex)]
            let batch = try PackedBatch(
                chosen.map { rows[$0] }, keys: chosen.map(Int64.init), tokenizer: loaded.tokenizer, device: device)
            let part = try model.loss(
                batch.input, targets: batch.targets, rowDivisor: Double(numbers.count), dropout: dropout)
            sum.loss += try part.item()
            sum.tokens += batch.tokenCount
            sum.fault = try NumericFault.find(loss: sum.loss, norm: nil, in: optimizer.slots)
            if sum.fault != nil { return sum }
            try part.backward()
        }
        sum.norm = try optimizer.clipGradients(maxNorm: options.maxGradNorm)
        sum.fault = try NumericFault.find(loss: sum.loss, norm: sum.norm, in: optimizer.slots)
        return sum
    }

    /// Passes over a step that came out wrong, unless the weights are spoiled or too many came out so.
    private func skip(_ fault: NumericFault, rows: Int) throws(TrainingError) {
        state.skippedInARow += 1
        state.skippedRows += rows
        let isLast = fault.isLasting || state.skippedInARow > options.maxSkippedSteps
        guard isLast else {
            report.say("warning: step \(state.step) was skipped: \(fault.what) is not finite")
            return
        }
        report.close()
        let advice = "the last checkpoint is whole; try a lower --learning-rate, or --precision fp32"
        let row =
            state.skippedInARow > 1
            ? "the run stops after \(state.skippedInARow) such steps in a row, and" : "the run stops, and"
        throw .notFinite(step: state.step, what: fault.what, advice: "\(row) \(advice)")
    }

    private func openEvents() throws(TrainingError) {
        do {
            events = try TrainingEvents(outputDirectory: options.outputDirectory, lengths: state.eventLengths)
        } catch {
            throw .output("\(error)")
        }
    }

    /// Writes scalars for TensorBoard, if it was asked for.
    private func record(_ scalars: [(tag: String, value: Double)]) throws(TrainingError) {
        do {
            try events?.add(scalars, step: state.step)
        } catch {
            throw .output("\(error)")
        }
    }

    private func saveIfDue() throws(TrainingError) {
        if interrupt.isRaised {
            try save()
            report.close()
            throw .interrupted(step: state.step, checkpoint: store.path(step: state.step))
        }
        if let interval = options.saveSteps, state.step % interval == 0 { try save() }
    }

    private func save() throws(TrainingError) {
        try directory.check()
        do {
            if let name = try NumericFault.firstNotFinite(model.parameters.all) {
                throw TrainingError.notFinite(
                    step: state.step, what: "the weights \(name)",
                    advice:
                        "nothing was saved after that, and the last checkpoint is whole; try a lower --learning-rate")
            }
            if let events { state.eventLengths = try events.synchronize() }
            try store.save(step: state.step) { directory in
                try TrainingCheckpoint(model: model, optimizer: optimizer, environment: environment).write(
                    state, options: settings, to: directory)
            }
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .output("the checkpoint of step \(state.step) could not be saved: \(error); older ones are whole")
        }
    }

    private func resume() throws(TrainingError) {
        do {
            guard let newest = try store.newestWhole(warn: { report.say("warning: \($0)") }) else {
                report.say("nothing to resume in \(options.outputDirectory); starting at the beginning")
                return
            }
            let checkpoint = TrainingCheckpoint(model: model, optimizer: optimizer, environment: environment)
            let (saved, differences) = try checkpoint.read(from: newest.path, options: settings)
            state = saved
            report.say("going on after step \(state.step) of \(schedule.totalSteps)")
            if !differences.isEmpty {
                report.say(
                    "warning: this is not where the run was stopped: \(differences.joined(separator: ", ")); it goes on, but "
                        + "the last bits may differ from those of a run that never stopped")
            }
        } catch {
            throw .output("--resume: \(error)")
        }
    }

    /// Validates, keeps the model if it is the best so far, and saves.
    private func finishEpoch() throws(TrainingError) {
        var epoch = EpochStatistics(
            trainingLoss: state.lossSum / Double(max(1, state.row - state.skippedRows)), trainingSeconds: state.seconds,
            steps: state.step,
            learningRate: schedule.rate(step: max(0, state.step - 1)),
            examplesPerSecond: Double(state.row) / max(state.seconds, 1e-9),
            realTokensPerSecond: Double(state.tokens) / max(state.seconds, 1e-9))
        epoch.validation = try validate()
        state.statistics.epochs.append(epoch)
        state.epoch += 1
        try record(epoch.scalars)
        (state.row, state.skippedRows, state.lossSum, state.tokens, state.seconds) = (0, 0, 0, 0, 0)
        try directory.check()
        if state.statistics.bestEpoch == state.epoch {
            try directory.writeModel(loaded, noAnswerThreshold: noAnswerThreshold(epoch))
        }
        try directory.writeStatistics(state.statistics)
        try save()
        report.epoch(epoch, number: state.epoch, isBest: state.statistics.bestEpoch == state.epoch)
    }

    /// The model learns to leave questions unanswered only from questions without an answer.
    private func noAnswerThreshold(_ epoch: EpochStatistics) -> Double? {
        guard data.hasImpossibleQuestions else { return nil }
        return epoch.validation?.noAnswerThreshold ?? loaded.model.config.noAnswerThreshold ?? NoAnswerThreshold.even
    }

    private func validate() throws(TrainingError) -> EpochStatistics.Validation? {
        guard !data.validation.features.isEmpty else { return nil }
        let clock = ContinuousClock()
        let start = clock.now
        let total = data.validation.features.count
        do {
            let predictor = Predictor(model: model, tokenizer: loaded.tokenizer, device: device)
            let result = try predictor.predict(data.validation.features, labelled: true) { done in
                report.validating(done: done, of: total)
                if interrupt.isRaised { throw CancellationError() }
            }
            var validation = EpochStatistics.Validation(
                result.predictions, of: data.validationExamples, in: data.validationDataset)
            validation.loss = result.loss.loss
            validation.accuracy = result.loss.accuracy
            validation.seconds = (clock.now - start) / .seconds(1)
            return validation
        } catch is CancellationError {
            // The epoch's training is done: a checkpoint here goes on with the validation.
            try saveIfDue()
            return nil
        } catch ReaderError.notFinite(let message) {
            throw .notFinite(
                step: state.step, what: "what the model makes of the validation",
                advice: "\(message); the last checkpoint is whole")
        } catch {
            throw .computation("validation: \(error)")
        }
    }
}
