import Console
import Planning
import StrictJSON

/// A plan as text and as JSON.
package struct PlanReport {
    private let run: PlannedRun
    private let times: [PlannedRun.Time]
    private let model: String
    private let isMemoryGiven: Bool
    private let isTimeAsked: Bool
    private let command: String

    /// A report on a plan.
    ///
    /// - Parameters:
    ///   - times: the measured times; nil if none were wanted.
    ///   - model: the user's name for the model.
    ///   - isMemoryGiven: whether the memory was given, and is not this machine's.
    ///   - command: the command line that trains as the plan recommends.
    package init(_ run: PlannedRun, times: [PlannedRun.Time]?, model: String, isMemoryGiven: Bool, command: String) {
        (self.run, self.times, isTimeAsked) = (run, times ?? [], times != nil)
        (self.model, self.isMemoryGiven, self.command) = (model, isMemoryGiven, command)
    }

    private var plan: TrainingPlan { run.plan }
    private var options: TrainingOptions { run.options }

    /// The object that `--json` prints. Sizes are in bytes, times in seconds.
    package var json: JSONValue {
        let optional: (Int?) -> JSONValue = { $0.map(JSONValue.int) ?? .null }
        return [
            "model": .string(model), "parameters": .int(run.parameterCount),
            "precision": .string(run.precision.rawValue), "device": .string(run.device.rawValue),
            "threads": .int(run.threads), "memory": .int(plan.memory.bytes), "rows": optional(run.rows.count),
            "tokens": optional(run.rows.tokens), "longest_row": .int(run.rows.longest),
            "batches": .array(plan.lines.map(json)),
            "largest_batch_size": [
                "training": optional(plan.largest.training),
                "gradient_checkpointing": optional(plan.largest.checkpointed),
                "prediction": optional(plan.largest.reading),
            ], "predict": .int(run.predict.bytes), "recommended": json(run.division), "times": .array(times.map(json)),
        ]
    }

    private func json(_ line: TrainingPlan.Line) -> JSONValue {
        [
            "batch_size": .int(line.batchSize), "tokens": .int(line.tokens), "training": .int(line.training.bytes),
            "training_fits": .bool(plan.fits(line.training)), "gradient_checkpointing": .int(line.checkpointed.bytes),
            "gradient_checkpointing_fits": .bool(plan.fits(line.checkpointed)), "prediction": .int(line.reading.bytes),
            "prediction_fits": .bool(plan.fits(line.reading)),
        ]
    }

    private func json(_ division: TrainingPlan.Division) -> JSONValue {
        [
            "batch_size": .int(division.batchSize), "gradient_accumulation_steps": .int(division.accumulation),
            "gradient_checkpointing": .bool(division.checkpointing), "peak": .int(division.peak.bytes),
            "command": .string(command),
        ]
    }

    private func json(_ time: PlannedRun.Time) -> JSONValue {
        [
            "gradient_checkpointing": .bool(time.checkpointing), "batch_size": .int(time.batchSize),
            "examples_per_second": .double(time.examplesPerSecond), "epoch": .double(time.epoch),
            "run": .double(time.epoch * Double(options.epochs)),
        ]
    }

    /// As text.
    package var text: String {
        var lines = heading + ["", table.text]
        lines.append("in brackets: does not fit into nine tenths of the memory")
        lines += ["", largest]
        lines.append(
            "bertqa predict and evaluate read 4096 tokens at a time, whatever their rows: \(run.predict)")
        lines += ["", advice, "  " + command]
        lines += times.map(sentence)
        if let remark = run.remark, isTimeAsked { lines.append(remark) }
        return lines.joined(separator: "\n")
    }

    private var heading: [String] {
        let millions = Figures.fixed(Double(run.parameterCount) / 1e6, 1)
        let rows = run.rows
        var lines = [
            "model   \(model): \(millions) M parameters; \(run.precision.rawValue) on "
                + "\(run.device.rawValue), \(run.threads) threads"
        ]
        if let count = rows.count, let tokens = rows.tokens {
            lines.append(
                "rows    \(count) of \(tokens / max(1, count)) tokens on average, \(rows.longest) at most; the "
                    + "batches of \(options.epochs) epochs with seed \(options.seed)")
        } else {
            lines.append("rows    of \(rows.longest) tokens each; with the file to train on, those of the data")
        }
        return lines + ["memory  \(plan.memory)" + (isMemoryGiven ? "" : ", this machine's")]
    }

    private var table: TextTable {
        let cell = { (size: MemorySize) in plan.fits(size) ? "\(size)" : "(\(size))" }
        return TextTable(
            titles: ["batch size", "tokens at most", "training", "with gradient checkpointing", "prediction"],
            rows: plan.lines.map {
                ["\($0.batchSize)", "\($0.tokens)", cell($0.training), cell($0.checkpointed), cell($0.reading)]
            })
    }

    private var largest: String {
        let size = { (size: Int?) in size.map { "\($0)" } ?? "none" }
        return "largest batch that fits: training \(size(plan.largest.training)), with gradient checkpointing "
            + "\(size(plan.largest.checkpointed)), prediction \(size(plan.largest.reading))"
    }

    private var advice: String {
        let division = run.division
        var parts = ["batch size \(options.batchSize):"]
        parts.append(
            division.accumulation == 1
                ? "in one pass" : "in \(division.accumulation) passes of \(division.batchSize) rows")
        if division.checkpointing { parts.append("with gradient checkpointing") }
        return parts.joined(separator: " ") + ", \(division.peak) at the peak"
    }

    private func sentence(_ time: PlannedRun.Time) -> String {
        let run = time.epoch * Double(options.epochs)
        return "an epoch takes \(Figures.duration(time.epoch)), \(options.epochs) epochs \(Figures.duration(run))"
            + (time.checkpointing ? " with gradient checkpointing" : "")
            + ": \(Figures.fixed(time.examplesPerSecond, 1)) examples/s over \(Figures.fixed(time.seconds, 1)) s, "
            + "without validation and saving"
    }
}
