import Evaluating
import Files
import StrictJSON
import Torch

/// The state of a run: everything that a checkpoint holds besides weights and moments.
package struct TrainingState: Sendable {
    /// Steps taken, including skipped ones.
    var step = 0
    /// Steps of the optimizer, without skipped ones.
    var optimizerStep = 0
    /// How many steps before this one were skipped in a row because their numbers were not finite.
    var skippedInARow = 0
    /// The current epoch, counted from 0.
    var epoch = 0
    /// Rows of that epoch that have been trained on.
    var row = 0
    /// How many of those rows were in skipped steps.
    var skippedRows = 0
    /// The sum of the losses of the others.
    var lossSum = 0.0
    /// Their tokens.
    var tokens = 0
    /// Seconds spent training on them.
    var seconds = 0.0
    /// What the loss is multiplied with; nil where it is not.
    var lossScale: LossScale.State?
    /// The finished epochs.
    var statistics = TrainingStatistics()
    /// The lengths of TensorBoard's files; nil without them.
    var eventLengths: TrainingEvents.Lengths?
    /// The epochs of a finished run that continues with more; nil for any other.
    let finishedEpochs: Int?
    /// Rows of a step over all processes, the same with another number of processes.
    let rowsPerStep: Int
    /// Rows of a pass: as many as the options say, or fewer once memory ran out.
    var rowsPerPass: Int

    /// Counts a step that was handed to the device.
    mutating func advance(rows: Int, tokens: Int) {
        step += 1
        row += rows
        self.tokens += tokens
    }

    /// The statistics of the current epoch, without its validation.
    func epochStatistics(learningRate: Double) -> EpochStatistics {
        EpochStatistics(
            trainingLoss: lossSum / Double(max(1, row - skippedRows)), trainingSeconds: seconds, steps: step,
            learningRate: learningRate, examplesPerSecond: Double(row) / max(seconds, 1e-9),
            realTokensPerSecond: Double(tokens) / max(seconds, 1e-9))
    }

    /// Begins the next epoch.
    mutating func finish(_ finished: EpochStatistics) {
        statistics.epochs.append(finished)
        epoch += 1
        (row, skippedRows, lossSum, tokens, seconds) = (0, 0, 0, 0, 0)
    }

    func json(options: JSONValue, environment: RunEnvironment) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("step", .int(step)), ("optimizer_step", .int(optimizerStep)), ("skipped_in_a_row", .int(skippedInARow)),
            ("epoch", .int(epoch)), ("row", .int(row)), ("skipped_rows", .int(skippedRows)),
            ("loss_sum", .double(lossSum)), ("tokens", .int(tokens)), ("seconds", .double(seconds)),
            ("statistics", statistics.json()), ("event_bytes", eventLengths?.json ?? .null),
            ("rows_per_step", .int(rowsPerStep)), ("rows_per_pass", .int(rowsPerPass)),
        ]
        if let lossScale {
            members.append(("loss_scale", .double(lossScale.scale)))
            members.append(("loss_scale_steps", .int(lossScale.soundSteps)))
        }
        return .object(JSONObject(members + [("options", options), ("environment", environment.json)]))
    }

    /// The beginning of a run.
    init(rowsPerStep: Int, rowsPerPass: Int) {
        (self.rowsPerStep, self.rowsPerPass, finishedEpochs) = (rowsPerStep, rowsPerPass, nil)
    }

    /// Reads what `json(options:environment:)` wrote, and compares the options with those of the run that continues.
    ///
    /// - Parameter options: those that decide numbers, `TrainingOptions.deciding`.
    package init(json: JSONValue, options: JSONValue, path: String) throws(FileError) {
        guard let step = json["step"]?.int, let optimizerStep = json["optimizer_step"]?.int,
            let skippedInARow = json["skipped_in_a_row"]?.int, let skippedRows = json["skipped_rows"]?.int,
            let epoch = json["epoch"]?.int, let row = json["row"]?.int,
            let lossSum = json["loss_sum"]?.double, let tokens = json["tokens"]?.int,
            let seconds = json["seconds"]?.double, let statistics = json["statistics"],
            let saved = json["options"]?.object
        else { throw FileError(path: path, message: "the checkpoint's state lacks a field") }
        self.step = step
        self.optimizerStep = optimizerStep
        self.skippedInARow = skippedInARow
        self.skippedRows = skippedRows
        self.epoch = epoch
        self.row = row
        self.lossSum = lossSum
        self.tokens = tokens
        self.seconds = seconds
        self.statistics = try TrainingStatistics(json: statistics, path: path)
        eventLengths = TrainingEvents.Lengths(json: json["event_bytes"])
        if let scale = json["loss_scale"]?.double, let steps = json["loss_scale_steps"]?.int {
            lossScale = LossScale.State(scale: scale, soundSteps: steps)
        }
        // Checkpoints from before there were several processes don't say.
        let batch = options["batch_size"]?.int ?? 1
        rowsPerStep = json["rows_per_step"]?.int ?? batch * (options["gradient_accumulation_steps"]?.int ?? 1)
        rowsPerPass = json["rows_per_pass"]?.int ?? batch
        guard rowsPerStep >= 1, rowsPerPass >= 1 else {
            throw FileError(path: path, message: "the checkpoint's state has steps or passes without rows")
        }
        let goesOn = epoch == saved["epochs"]?.int && (options["epochs"]?.int ?? 0) > epoch
        finishedEpochs = goesOn ? epoch : nil
        let differences = (options.object.map(Array.init) ?? []).compactMap { member -> String? in
            if goesOn, member.key == "epochs" { return nil }
            let before = saved[member.key] ?? TrainingOptions.earlierValues[member.key] ?? .null
            guard before.serialized() != member.value.serialized() else { return nil }
            return "\(member.key) (\(before.serialized()), now \(member.value.serialized()))"
        }
        guard differences.isEmpty else {
            throw FileError(
                path: path,
                message: "the run was started with other settings: \(differences.joined(separator: ", ")); resume it "
                    + "with the same ones, or start a new run in another `output_dir`")
        }
    }
}
