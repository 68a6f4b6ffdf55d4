import BERT
import QuestionAnswering
import SQuAD
import StrictJSON
import Torch
import Tokenizers

/// What a finished run came to.
package struct TrainingSummary: Sendable {
    /// Where the model is.
    package let outputDirectory: String
    /// Steps taken, those before a resume included.
    package let steps: Int
    /// Seconds spent training.
    package let seconds: Double
    /// Rows a second over the steps after the second of this process.
    package let examplesPerSecond: Double
    /// Tokens a second over the same steps.
    package let realTokensPerSecond: Double
    /// The share of the time of the same steps that this process waited for others.
    package let waitingShare: Double
    /// The number of processes.
    package let processes: Int
    /// The rows of a pass at the end: the batch size, or fewer once memory ran out.
    package let rowsPerPass: Int
    /// The epoch whose model was kept, counted from 1.
    package let bestEpoch: Int?
    /// The epochs.
    package let statistics: TrainingStatistics
}

/// Fine-tunes a pretrained BERT on a SQuAD file.
///
/// Read `run()` and `step()`: they are the whole procedure. What is computed is a function of the options and the
/// seed: the order of the rows comes from (seed, epoch), dropout from (seed, step) and each row's number.
package final class Trainer {
    private let options: TrainingOptions
    private let settings: JSONValue
    private let device: Device
    /// None in a process that does not write.
    private let directory: RunDirectory?
    private let store: CheckpointStore
    private let loaded: LoadedModel
    private let data: TrainingData
    private let optimizer: AdamW
    private let schedule: LinearSchedule
    private let pass: GradientPass
    private let team: Team
    private let interrupt: InterruptFlag
    private let environment: RunEnvironment
    private var state: TrainingState
    private var report: TrainingReport
    private var events: TrainingEvents?
    private var throughput = Throughput()
    private var ledger = StepLedger()
    /// After how many steps the ledger is read.
    private let loggingSteps: Int
    /// Whether this process or another was asked to stop.
    private var stops = false

    private var model: BertForQuestionAnswering { loaded.model }
    private var rows: [Feature] { data.training.features }
    /// Reads the data and the model, takes the output directory, and with `resume` goes to where the run stopped.
    ///
    /// - Parameters:
    ///   - command: the command line, for `run.json`.
    ///   - team: the processes that train together; all of them make a trainer with the same options.
    /// - Throws: `TrainingError` that names the file or the option; nothing is written before all of them are checked.
    package init(
        options: TrainingOptions, command: [String] = [], interrupt: InterruptFlag = InterruptFlag(),
        team: Team = Team()
    ) throws(TrainingError) {
        try options.validate()
        let device = options.device ?? Device.best
        guard device.isAvailable else {
            throw .options("--device \(device.rawValue): this libtorch cannot use one here")
        }
        let precision = options.precision ?? .automatic(on: device)
        (self.options, self.device, self.interrupt, self.team) = (options, device, interrupt, team)
        loggingSteps = options.loggingSteps ?? (device == .cpu ? 1 : 16)
        environment = RunEnvironment(device: device, processes: team.size)
        settings = options.json(precision: precision, device: device)
        var report = TrainingReport(isQuiet: !team.writes)
        loaded = try Self.load(options, precision: precision, device: device)
        data = try TrainingData(options: options, tokenizer: loaded.tokenizer)
        try team.agree(on: options, settings: settings)
        directory = team.writes ? try RunDirectory(options: options) : nil
        store = CheckpointStore(outputDirectory: options.outputDirectory, kept: options.checkpointsKept)
        optimizer = try Self.optimizer(options, loaded)
        let checkpoint = TrainingCheckpoint(model: loaded.model, optimizer: optimizer, environment: environment)
        let resumed =
            options.resume ? try checkpoint.resume(from: store, settings: settings, team: team, report: &report) : nil
        try team.share(loaded.model.parameters.all.map(\.tensor))
        state =
            resumed ?? TrainingState(rowsPerStep: options.rowsOfAProcess * team.size, rowsPerPass: options.batchSize)
        schedule = LinearSchedule(options, rows: data.training.features.count, rowsPerStep: state.rowsPerStep)
        pass = try GradientPass(
            loaded: loaded, rows: data.training.features, optimizer: optimizer, options: options,
            rowsPerPass: state.rowsPerPass, device: device, team: team, interrupt: interrupt)
        report.start(options, loaded, data, device: device, precision: precision, totalSteps: schedule.totalSteps)
        report.processes(team.size, rowsPerStep: state.rowsPerStep)
        if resumed != nil { report.say("going on after step \(state.step) of \(schedule.totalSteps)") }
        self.report = report
        if options.tensorboard, team.writes { try openEvents() }
        try directory?.writeRecord(
            options: options, settings: settings, environment: environment, command: command)
    }

    private static func optimizer(_ options: TrainingOptions, _ loaded: LoadedModel) throws(TrainingError) -> AdamW {
        var adamW = AdamW.Options()
        adamW.epsilon = options.adamEpsilon
        adamW.weightDecay = options.weightDecay
        do {
            return try AdamW(parameters: loaded.model.parameters.all, options: adamW, decays: BertParameters.decays)
        } catch {
            throw .computation("\(error)")
        }
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
    package func run() throws(TrainingError) -> TrainingSummary {
        // An epoch whose rows are all done but which has rows counted still has to be validated.
        while state.epoch < options.epochs, state.step < schedule.totalSteps || state.row > 0 {
            let order = DataOrder.permutation(count: rows.count, seed: options.seed, epoch: state.epoch)
            while state.row < rows.count, state.step < schedule.totalSteps {
                let coming = order[state.row...]
                try step(
                    coming.prefix(state.rowsPerStep),
                    next: coming.dropFirst(state.rowsPerStep).prefix(state.rowsPerStep))
                try saveIfDue()
            }
            try finishEpoch()
        }
        report.finish(state.statistics)
        return TrainingSummary(
            outputDirectory: options.outputDirectory, steps: state.step,
            seconds: state.statistics.epochs.reduce(0) { $0 + $1.trainingSeconds },
            examplesPerSecond: throughput.examplesPerSecond, realTokensPerSecond: throughput.tokensPerSecond,
            waitingShare: throughput.waitingShare, processes: team.size,
            rowsPerPass: state.rowsPerPass, bestEpoch: state.statistics.bestEpoch, statistics: state.statistics)
    }

    /// One step down the gradient of the mean loss over the given rows.
    private func step(_ numbers: ArraySlice<Int>, next: ArraySlice<Int>) throws(TrainingError) {
        ledger.begin()
        let rate = schedule.rate(step: state.step)
        let dropout = DropoutSource(config: model.config, seed: options.seed, step: state.step)
        team.enter(step: state.step + 1)
        let totals: StepTotals
        do {
            totals = try pass.gradients(of: numbers, next: next, dropout: dropout)
            try optimizer.update(
                learningRate: rate, skippingIf: Tensor.notFinite([totals.loss, totals.norms]))
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .computation("step \(state.step + 1): \(error)")
        }
        state.step += 1
        state.row += numbers.count
        state.tokens += totals.tokens
        state.rowsPerPass = pass.rowsPerPass
        stops = totals.stops
        if let reduced = totals.reducedRows {
            report.say(
                "warning: memory ran out in step \(state.step), which was computed again: passes have \(reduced) rows from now on, "
                    + "and as many more add up to a step; --batch-size \(reduced) starts so")
        }
        ledger.add(
            StepLedger.Entry(
                step: state.step, rows: numbers.count, rate: rate, loss: totals.loss, norms: totals.norms),
            tokens: totals.tokens, waited: totals.waited)
        if ledger.entries.count >= loggingSteps { try settle() }
    }

    /// Reads what the steps since the last time came to, which waits for the device.
    private func settle() throws(TrainingError) {
        guard !ledger.isEmpty else { return }
        let (steps, rows) = (ledger.entries.count, ledger.rows)
        let outcomes: [StepLedger.Outcome]
        do {
            outcomes = try ledger.read(optimizer.slots)
            try optimizer.settleSkippedSteps()
        } catch {
            throw .computation("steps \(state.step - steps + 1) to \(state.step): \(error)")
        }
        let seconds = (ContinuousClock.now - ledger.start) / .seconds(1)
        state.seconds += seconds
        throughput.add(
            steps: steps, examples: rows, tokens: ledger.tokens, seconds: seconds, waiting: ledger.waited)
        for outcome in outcomes { try note(outcome) }
        do {
            try events?.addThroughput(examples: rows, tokens: ledger.tokens, seconds: seconds, step: state.step)
        } catch {
            throw .output("\(error)")
        }
    }

    /// Counts a step, and tells of it.
    private func note(_ outcome: StepLedger.Outcome) throws(TrainingError) {
        if let fault = outcome.fault { return try skip(outcome, fault) }
        state.optimizerStep += 1
        state.skippedInARow = 0
        state.lossSum += outcome.loss * Double(outcome.rows)
        try record(
            [
                ("train/loss", outcome.loss), ("train/learning_rate", outcome.rate),
                ("train/gradient_norm", outcome.norm),
            ], step: outcome.step)
        report.step(outcome, epoch: state.epoch, total: schedule.totalSteps, throughput: throughput)
    }

    /// Passes over a step that came out wrong, unless the weights are spoiled or too many came out so.
    private func skip(_ outcome: StepLedger.Outcome, _ fault: NumericFault) throws(TrainingError) {
        state.skippedInARow += 1
        state.skippedRows += outcome.rows
        let isLast = fault.isLasting || state.skippedInARow > options.maxSkippedSteps
        guard isLast else {
            report.say("warning: step \(outcome.step) was skipped: \(fault.what) is not finite")
            return
        }
        report.close()
        let advice = "the last checkpoint is whole; try a lower --learning-rate, or --precision fp32"
        let row =
            state.skippedInARow > 1
            ? "the run stops after \(state.skippedInARow) such steps in a row, and" : "the run stops, and"
        throw .notFinite(step: outcome.step, what: fault.what, advice: "\(row) \(advice)")
    }

    private func openEvents() throws(TrainingError) {
        do {
            events = try TrainingEvents(outputDirectory: options.outputDirectory, lengths: state.eventLengths)
        } catch {
            throw .output("\(error)")
        }
    }

    /// Writes scalars for TensorBoard, if it was asked for.
    private func record(_ scalars: [(tag: String, value: Double)], step: Int) throws(TrainingError) {
        do {
            try events?.add(scalars, step: step)
        } catch {
            throw .output("\(error)")
        }
    }

    private func saveIfDue() throws(TrainingError) {
        if stops {
            try save()
            report.close()
            throw .interrupted(step: state.step, checkpoint: store.path(step: state.step))
        }
        if let interval = options.saveSteps, state.step % interval == 0 { try save() }
    }

    /// Where memory has run out before, gives back what passes leave for later ones: writing files needs some too.
    private func makeRoom() {
        if state.rowsPerPass < options.batchSize { Runtime.releaseMemory() }
    }

    private func save() throws(TrainingError) {
        try settle()
        guard let directory else { return }
        try directory.check()
        makeRoom()
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
            try directory.check()
            throw .output("the checkpoint of step \(state.step) could not be saved: \(error); older ones are whole")
        }
    }

    /// Validates, keeps the model if it is the best so far, and saves.
    private func finishEpoch() throws(TrainingError) {
        try settle()
        makeRoom()
        var epoch = EpochStatistics(
            trainingLoss: state.lossSum / Double(max(1, state.row - state.skippedRows)), trainingSeconds: state.seconds,
            steps: state.step,
            learningRate: schedule.rate(step: max(0, state.step - 1)),
            examplesPerSecond: Double(state.row) / max(state.seconds, 1e-9),
            realTokensPerSecond: Double(state.tokens) / max(state.seconds, 1e-9))
        epoch.validation = try validate()
        state.statistics.epochs.append(epoch)
        state.epoch += 1
        try record(epoch.scalars, step: state.step)
        (state.row, state.skippedRows, state.lossSum, state.tokens, state.seconds) = (0, 0, 0, 0, 0)
        try directory?.check()
        if state.statistics.bestEpoch == state.epoch {
            try directory?.writeModel(loaded, noAnswerThreshold: noAnswerThreshold(epoch))
        }
        try directory?.writeStatistics(state.statistics)
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
        do {
            guard let result = try team.joined(readOwnPart()) else {
                // The epoch's training is done: a checkpoint here goes on with the validation.
                stops = true
                try saveIfDue()
                return nil
            }
            var validation = EpochStatistics.Validation(
                result.predictions, of: data.validationExamples, in: data.validationDataset)
            validation.loss = result.loss.loss
            validation.accuracy = result.loss.accuracy
            validation.seconds = (clock.now - start) / .seconds(1)
            return validation
        } catch let error as TrainingError {
            throw error
        } catch ReaderError.notFinite(let message) {
            throw .notFinite(
                step: state.step, what: "what the model makes of the validation",
                advice: "\(message); the last checkpoint is whole")
        } catch {
            throw .computation("validation: \(error)")
        }
    }

    /// This process's part of the validation; nil if it was asked to stop.
    private func readOwnPart() throws -> ValidationReading? {
        let predictor = Predictor(model: model, tokenizer: loaded.tokenizer, device: device)
        let part = team.part(of: data.validation.features)
        do {
            let result = try predictor.predict(part, labelled: true) { done in
                report.validating(done: done, of: part.count)
                if interrupt.isRaised { throw CancellationError() }
            }
            return ValidationReading(predictions: result.predictions, loss: result.loss)
        } catch is CancellationError {
            return nil
        }
    }
}
