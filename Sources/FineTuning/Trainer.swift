import BERT
import Console
import QuestionAnswering
import SQuAD
import Torch

/// Fine-tunes a pretrained encoder on a SQuAD file.
///
/// Read `run()` and `step()`: they are the whole procedure. What is computed is a function of the options and the seed:
/// the order of the rows comes from (seed, epoch), dropout from (seed, step) and each row's number.
public final class Trainer {
    private let prepared: PreparedRun
    private var state: TrainingState
    private var report: TrainingReport
    private var throughput = Throughput()
    private var ledger = StepLedger()
    /// After how many steps the ledger is read.
    private let loggingSteps: Int
    /// Whether this process or another was asked to stop.
    private var stops = false

    private var options: TrainingOptions { prepared.options }
    private var model: QuestionAnsweringModel { prepared.loaded.model }
    private var schedule: LearningRateSchedule { prepared.schedule }

    /// A trainer that starts from the state of the prepared run.
    package init(_ prepared: PreparedRun) {
        (self.prepared, state, report) = (prepared, prepared.state, prepared.report)
        loggingSteps = prepared.options.loggingSteps ?? (prepared.options.device == .cpu ? 1 : 16)
    }

    /// Prepares a run and trains to its end; see `PreparedRun.readAgreeLockAndRecord` and `run`.
    package static func train(
        _ options: TrainingOptions, command: [String] = [], interrupt: InterruptFlag = InterruptFlag(),
        team: Team = Team(), onRead: (Dataset) -> Void = { _ in }
    ) throws(TrainingError) -> TrainingSummary {
        try Trainer(
            PreparedRun.readAgreeLockAndRecord(
                options, command: command, interrupt: interrupt, team: team, onRead: onRead)
        ).run()
    }

    /// Trains to the end.
    ///
    /// - Throws: `TrainingError` of the kind `.interrupted` after a signal, with a checkpoint saved; `.notFinite` if
    ///   numbers stop being finite, with the last checkpoint untouched.
    public func run() throws(TrainingError) -> TrainingSummary {
        // Whatever ends the run, what is said next begins on a line of its own.
        defer { report.close() }
        // An epoch whose rows are all done but which has rows counted still has to be validated.
        while state.epoch < options.epochs, state.step < schedule.totalSteps || state.row > 0, !stopsEarly {
            let order = prepared.data.mix.order(seed: options.seed, epoch: state.epoch)
            while state.row < order.count, state.step < schedule.totalSteps {
                let coming = order[state.row...]
                try step(
                    coming.prefix(state.rowsPerStep),
                    next: coming.dropFirst(state.rowsPerStep).prefix(state.rowsPerStep))
                try saveIfDue()
            }
            try finishEpoch()
        }
        try calibrate()
        report.finish(state.statistics, stoppedEarly: stopsEarly && state.epoch < options.epochs)
        return summary
    }

    /// Whether as many epochs as the options' patience have passed without a better model.
    private var stopsEarly: Bool {
        state.row == 0 && options.earlyStoppingPatience.map { state.statistics.epochsSinceBest >= $0 } ?? false
    }

    /// One step down the gradient of the mean loss over the given rows.
    private func step(_ numbers: ArraySlice<Int>, next: ArraySlice<Int>) throws(TrainingError) {
        ledger.begin()
        let number = state.step + 1
        let rate = schedule.rate(step: state.step)
        let dropout = DropoutSource(config: model.config, seed: options.seed, step: state.step)
        prepared.team.enter(step: number)
        let totals = try TrainingError.wrapping(.computation, "step \(number): ") {
            let totals = try prepared.pass.step(on: numbers, next: next, dropout: dropout, rate: rate)
            try prepared.average?.add(step: number, of: schedule.totalSteps)
            return totals
        }
        state.advance(rows: numbers.count, tokens: totals.tokens)
        state.rowsPerPass = prepared.pass.rowsPerPass
        stops = totals.stops
        if let rows = totals.reducedRows { report.reduced(step: number, rows: rows) }
        ledger.add(
            StepLedger.Entry(
                step: number, rows: numbers.count, rate: rate, loss: totals.loss, norms: totals.norms,
                scale: totals.scale),
            tokens: totals.tokens, waited: totals.waited)
        // The first steps are settled by themselves, since the throughput leaves them out.
        let due = throughput.stepsToSkip > 0 ? min(loggingSteps, throughput.stepsToSkip) : loggingSteps
        if ledger.entries.count >= due { try settle() }
    }

    private var summary: TrainingSummary {
        TrainingSummary(
            outputDirectory: options.outputDirectory, steps: state.step,
            seconds: state.statistics.epochs.reduce(0) { $0 + $1.trainingSeconds },
            examplesPerSecond: throughput.examplesPerSecond, realTokensPerSecond: throughput.tokensPerSecond,
            waitingShare: throughput.waitingShare, processes: prepared.team.size,
            rowsPerPass: state.rowsPerPass, bestEpoch: state.statistics.bestEpoch, statistics: state.statistics)
    }
}

// MARK: - What steps came to

extension Trainer {
    /// Reads the losses and norms of the steps since the last reading, which waits for the device.
    private func settle() throws(TrainingError) {
        guard !ledger.isEmpty else { return }
        let (steps, rows) = (ledger.entries.count, ledger.rows)
        let outcomes = try TrainingError.wrapping(.computation, "steps \(state.step - steps + 1) to \(state.step): ") {
            let outcomes = try ledger.read(prepared.optimizer.slots)
            try prepared.optimizer.settleSkippedSteps()
            return outcomes
        }
        let seconds = (ContinuousClock.now - ledger.start) / .seconds(1)
        state.seconds += seconds
        throughput.add(
            steps: steps, examples: rows, tokens: ledger.tokens, seconds: seconds, waiting: ledger.waited)
        for outcome in outcomes { try count(outcome) }
        try TrainingError.wrapping(.output) {
            try prepared.events?.addThroughput(
                examples: rows, tokens: ledger.tokens, seconds: seconds, step: state.step)
        }
    }

    /// Counts a step, and reports it.
    private func count(_ outcome: StepLedger.Outcome) throws(TrainingError) {
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

    /// Skips a step whose loss or gradients are not finite. Ends the run if the weights are not finite, or if more
    /// steps in a row were skipped than the options allow.
    private func skip(_ outcome: StepLedger.Outcome, _ fault: NumericFault) throws(TrainingError) {
        state.skippedRows += outcome.rows
        if let scale = outcome.scale, scale > 1, outcome.loss.isFinite, !fault.isLasting {
            // That is how the scale finds its height.
            report.say(
                "step \(outcome.step) was skipped: its gradients overflow if the loss is multiplied with "
                    + "\(Int(scale)), which is halved")
            return
        }
        state.skippedInARow += 1
        guard fault.isLasting || state.skippedInARow > options.maxSkippedSteps else {
            report.say("warning: step \(outcome.step) was skipped: \(fault.what) is not finite")
            return
        }
        let end =
            state.skippedInARow > 1
            ? "the run stops after \(state.skippedInARow) such steps in a row, and" : "the run stops, and"
        throw .notFinite(
            step: outcome.step, what: fault.what,
            advice: "\(end) the last checkpoint is whole; try a lower `learning_rate`, or `precision` fp32")
    }

    /// Writes scalars for TensorBoard, if the options ask for it.
    private func record(_ scalars: [(tag: String, value: Double)], step: Int) throws(TrainingError) {
        try TrainingError.wrapping(.output) { try prepared.events?.add(scalars, step: step) }
    }
}

// MARK: - Saving

extension Trainer {
    private func saveIfDue() throws(TrainingError) {
        if stops {
            try save()
            throw .interrupted(step: state.step, checkpoint: prepared.store.path(step: state.step))
        }
        if let interval = options.saveSteps, state.step % interval == 0 { try save() }
    }

    /// If memory has run out before, releases the memory that passes keep for later ones, since writing files needs
    /// some too.
    private func makeRoom() {
        if state.rowsPerPass < options.batchSize { Runtime.releaseMemory() }
    }

    private func save() throws(TrainingError) {
        try settle()
        guard let directory = prepared.directory else { return }
        try directory.check()
        makeRoom()
        do {
            if let name = try NumericFault.firstNotFinite(model.parameters.all) {
                throw TrainingError.notFinite(
                    step: state.step, what: "the weights \(name)",
                    advice:
                        "nothing was saved after that, and the last checkpoint is whole; try a lower `learning_rate`")
            }
            state.lossScale = try prepared.scale?.state()
            if let events = prepared.events { state.eventLengths = try events.synchronize() }
            let checkpoint = TrainingCheckpoint(
                model: model, optimizer: prepared.optimizer, average: prepared.average,
                environment: prepared.environment)
            try prepared.store.save(step: state.step) { directory in
                try checkpoint.write(state, options: options, to: directory)
            }
        } catch let error as TrainingError {
            throw error
        } catch {
            // A directory that was removed meanwhile is the better reason.
            try directory.check()
            throw .output("the checkpoint of step \(state.step) could not be saved: \(error); older ones are whole")
        }
    }

    /// Runs `body` with the average of the weights in their place, if the run has one.
    private func averaged<Result>(_ body: () throws -> Result) throws -> Result {
        guard let average = prepared.average, average.hasBegun(step: state.step, of: schedule.totalSteps) else {
            return try body()
        }
        return try average.inPlace(body)
    }

    /// Validates, keeps the model if it is the best so far, and saves.
    private func finishEpoch() throws(TrainingError) {
        try settle()
        makeRoom()
        var epoch = state.epochStatistics(learningRate: schedule.rate(step: max(0, state.step - 1)))
        epoch.validation = try validate()
        state.finish(epoch)
        try record(epoch.scalars, step: state.step)
        try prepared.directory?.check()
        let isBest = state.statistics.bestEpoch == state.epoch
        if isBest {
            let threshold = noAnswerThreshold(epoch)
            try TrainingError.wrapping(.output) {
                try averaged { try prepared.directory?.writeModel(prepared.loaded, noAnswerThreshold: threshold) }
            }
        }
        try prepared.directory?.writeStatistics(state.statistics)
        try save()
        report.epoch(epoch, number: state.epoch, isBest: isBest)
    }
}

// MARK: - Calibrating

extension Trainer {
    /// Makes the kept model's scores probabilities; see `RunCalibration`.
    private func calibrate() throws(TrainingError) {
        guard let directory = prepared.directory, let best = state.statistics.bestEpoch else { return }
        makeRoom()
        do {
            let calibration = try RunCalibration(options, on: prepared.data.validationDataset) {
                if prepared.interrupt.isRaised { throw CancellationError() }
            }
            report.say(calibration.message)
            guard let error = calibration.error else { return }
            state.statistics.epochs[best - 1].validation?.calibrationError = error
        } catch is CancellationError {
            // The last epoch's checkpoint goes on with the calibration.
            throw .interrupted(step: state.step, checkpoint: prepared.store.path(step: state.step))
        } catch {
            try directory.check()
            throw .computation("the model is trained, but its scores could not be calibrated: \(error)")
        }
        try directory.writeStatistics(state.statistics)
    }
}

// MARK: - Validating

extension Trainer {
    /// The model learns to leave questions unanswered only from questions without an answer.
    private func noAnswerThreshold(_ epoch: EpochStatistics) -> Double? {
        guard prepared.data.hasImpossibleQuestions else { return nil }
        return epoch.validation?.noAnswerThreshold ?? model.config.rawNoAnswerThreshold ?? EpochStatistics.evenThreshold
    }

    private func validate() throws(TrainingError) -> EpochStatistics.Validation? {
        let data = prepared.data
        guard !data.validation.features.isEmpty else { return nil }
        let start = ContinuousClock.now
        let own = try TrainingError.wrapping(.computation, "validation: ") { try averaged(readOwnPart) }
        guard let reading = try prepared.team.joined(own) else {
            // The epoch's training is done: a checkpoint here goes on with the validation.
            stops = true
            try saveIfDue()
            return nil
        }
        var validation = EpochStatistics.Validation(
            reading.predictions, of: data.validationExamples, in: data.validationDataset)
        validation.loss = reading.loss.loss
        validation.accuracy = reading.loss.accuracy
        validation.seconds = (ContinuousClock.now - start) / .seconds(1)
        return validation
    }

    /// This process's part of the validation; nil if the run was asked to stop.
    private func readOwnPart() throws -> ValidationReading? {
        var predictor = Predictor(
            model: model, tokenizer: prepared.loaded.tokenizer, device: options.device ?? .cpu)
        predictor.decoder = SpanDecoder(maxAnswerLength: options.maxAnswerLength)
        // A calibration of the pretrained model says nothing of these weights.
        predictor.scoring = .tokenProbabilities
        let part = prepared.team.part(of: prepared.data.validation.features)
        do {
            let result = try predictor.predict(part, labelled: true) { done in
                report.validating(done: done, of: part.count)
                if prepared.interrupt.isRaised { throw CancellationError() }
            }
            return ValidationReading(predictions: result.predictions, loss: result.loss)
        } catch is CancellationError {
            return nil
        } catch let error as ReaderError where error.kind == .notFinite {
            throw TrainingError.notFinite(
                step: state.step, what: "the model's output for the validation",
                advice: "\(error); the last checkpoint is whole")
        }
    }
}
