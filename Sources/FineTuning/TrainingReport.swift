import Console
import QuestionAnswering
import Torch

/// The messages of a run in progress.
struct TrainingReport {
    private var meter = ProgressMeter()
    private let isQuiet: Bool

    /// - Parameter isQuiet: whether another process reports to the user.
    init(isQuiet: Bool = false) {
        self.isQuiet = isQuiet
    }

    mutating func say(_ line: String) {
        if !isQuiet { meter.say(line) }
    }

    private mutating func show(_ line: String, always: Bool) {
        if !isQuiet { meter.show(line, always: always) }
    }

    mutating func close() {
        if !isQuiet { meter.finish() }
    }

    mutating func processes(_ count: Int, rowsPerStep: Int) {
        guard count > 1 else { return }
        say("processes  \(count), each with about \((rowsPerStep + count - 1) / count) of a step's \(rowsPerStep) rows")
    }

    mutating func start(
        _ options: TrainingOptions, _ loaded: LoadedModel, _ data: TrainingData, totalSteps: Int
    ) {
        let config = loaded.model.config
        let millions = Figures.fixed(Double(loaded.model.parameters.elementCount) / 1e6, 1)
        say(
            "model      \(options.model): \(config.layerCount) layers, \(config.hiddenSize) wide, \(millions) M "
                + "parameters"
                + (loaded.newKeys.isEmpty ? "" : ", a new question-answering head"))
        say(
            "running on \(options.device?.rawValue ?? "auto"), \(options.precision?.rawValue ?? "auto"), "
                + "\(Figures.count(Runtime.threads, "thread")), libtorch \(Runtime.version)"
        )
        let rows = data.training.features
        let tokens = rows.reduce(0) { $0 + $1.length }
        say(
            "training   \(Figures.count(rows.count, "row")) of \(tokens / max(1, rows.count)) tokens on average, no "
                + "padding; "
                + Figures.count(totalSteps, "step")
        )
        if !data.skipped.isEmpty {
            let checks = options.trainFiles.map { "`bertqa check --data \($0.path)`" }.joined(separator: ", ")
            say(
                "skipped    \(Figures.count(data.skipped.count, "question")) that cannot be trained on; \(checks) "
                    + "lists them, `bertqa convert --repair` repairs what can be repaired")
        }
        if data.training.answerLost > 0 {
            say(
                "warning    in \(Figures.count(data.training.answerLost, "question")) the answer is after the cut "
                    + "at \(options.features.maxLength) tokens; a larger `max_length` or `truncation` windows keeps it")
        }
        if data.training.dropped > 0 {
            say(
                "left out   \(Figures.count(data.training.dropped, "question")) whose answer is cut at "
                    + "\(options.features.maxLength) tokens"
            )
        }
        if !data.training.questionTooLong.isEmpty {
            say(
                "warning    \(data.training.questionTooLong.count) questions leave no room for their text and were "
                    + "left out"
            )
        }
        if !data.validation.features.isEmpty {
            say("validation \(Figures.count(data.validationExamples.count, "question")) after each epoch")
        }
    }

    mutating func resumed(_ state: TrainingState, _ schedule: LearningRateSchedule) {
        say("going on after step \(state.step) of \(schedule.totalSteps)")
        guard let epochs = state.finishedEpochs, state.step < schedule.totalSteps else { return }
        say(
            "the run was finished after \(Figures.count(epochs, "epoch")): the learning rate, which had fallen to 0, "
                + "continues from \(Figures.scientific(schedule.rate(step: state.step))), where a run of this length "
                + "would be, and falls to 0 at step \(schedule.totalSteps)")
    }

    mutating func step(_ outcome: StepLedger.Outcome, epoch: Int, total: Int, throughput: Throughput) {
        var line = "epoch \(epoch + 1)  step \(outcome.step)/\(total)  loss \(Figures.fixed(outcome.loss, 3))"
        // The first steps are not counted: nothing is known about speed yet.
        if throughput.steps > 0 {
            let left = Double(total - outcome.step) * throughput.seconds / Double(throughput.steps)
            line +=
                "  \(Figures.duration(left)) left  \(Figures.fixed(throughput.examplesPerSecond, 1)) examples/s"
                + "  \(Int(throughput.tokensPerSecond)) real tokens/s"
        }
        show(line + "  lr \(Figures.scientific(outcome.rate))", always: outcome.step == total)
    }

    /// Memory ran out in a step, which was computed again with fewer rows a pass.
    mutating func reduced(step: Int, rows: Int) {
        say(
            "warning: memory ran out in step \(step), which was computed again: passes have \(rows) rows from now on, "
                + "and more of them add up to a step; `batch_size` \(rows) starts that way")
    }

    mutating func teaching(done: Int, of total: Int) {
        show("asking the teachers \(done)/\(total) rows", always: done == total)
    }

    mutating func validating(done: Int, of total: Int) {
        show("validating \(done)/\(total) rows", always: done == total)
    }

    mutating func epoch(_ epoch: EpochStatistics, number: Int, isBest: Bool) {
        var line =
            "epoch \(number)    training loss \(Figures.fixed(epoch.trainingLoss, 3)), "
            + "\(Figures.fixed(epoch.examplesPerSecond, 1)) examples/s"
        if let validation = epoch.validation {
            line +=
                "; validation loss \(Figures.fixed(validation.loss, 3)), exact match "
                + "\(Figures.fixed(validation.exactMatch, 2)), F1 \(Figures.fixed(validation.f1, 2))"
            if let threshold = validation.noAnswerThreshold {
                line += " with the threshold \(Figures.fixed(threshold, 4)) for no answer"
            }
        }
        say(line + (isBest ? "  (best so far, kept)" : ""))
    }

    mutating func finish(_ statistics: TrainingStatistics, stoppedEarly: Bool) {
        if stoppedEarly {
            let count = Figures.count(statistics.epochsSinceBest, "epoch")
            say("stopped early: \(count) in a row had no better F1 than epoch \(statistics.bestEpoch ?? 0)")
        }
        if let verdict = statistics.verdict { say(verdict) }
    }
}
