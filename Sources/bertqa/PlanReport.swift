import FineTuning
import StrictJSON

/// What `bertqa plan` prints.
struct PlanReport {
    let command: PlanCommand
    let planning: Planning
    let times: [Planning.Time]

    private var plan: TrainingPlan { planning.plan }

    /// The object that `--json` prints. Sizes are in bytes, times in seconds.
    var json: JSONValue {
        let optional: (Int?) -> JSONValue = { $0.map(JSONValue.int) ?? .null }
        return .object(
            JSONObject([
                ("model", .string(command.model)), ("parameters", .int(planning.parameterCount)),
                ("precision", .string(planning.precision.rawValue)), ("device", .string(planning.device.rawValue)),
                ("threads", .int(planning.threads)), ("memory", .int(plan.memory.bytes)),
                ("rows", optional(planning.rows.count)), ("tokens", optional(planning.rows.tokens)),
                ("longest_row", .int(planning.rows.longest)), ("batches", .array(plan.lines.map(json))),
                (
                    "largest_batch_size",
                    .object(
                        JSONObject([
                            ("training", optional(plan.largest.training)),
                            ("gradient_checkpointing", optional(plan.largest.checkpointed)),
                            ("prediction", optional(plan.largest.reading)),
                        ]))
                ),
                ("predict", .int(planning.predict.bytes)), ("recommended", json(planning.way)),
                ("times", .array(times.map(json))),
            ]))
    }

    private func json(_ line: TrainingPlan.Line) -> JSONValue {
        .object(
            JSONObject([
                ("batch_size", .int(line.batchSize)), ("tokens", .int(line.tokens)),
                ("training", .int(line.training.bytes)), ("training_fits", .bool(plan.fits(line.training))),
                ("gradient_checkpointing", .int(line.checkpointed.bytes)),
                ("gradient_checkpointing_fits", .bool(plan.fits(line.checkpointed))),
                ("prediction", .int(line.reading.bytes)), ("prediction_fits", .bool(plan.fits(line.reading))),
            ]))
    }

    private func json(_ way: TrainingPlan.Way) -> JSONValue {
        .object(
            JSONObject([
                ("batch_size", .int(way.batchSize)), ("gradient_accumulation_steps", .int(way.accumulation)),
                ("gradient_checkpointing", .bool(way.checkpointing)), ("peak", .int(way.peak.bytes)),
                ("command", .string(commandLine(way))),
            ]))
    }

    private func json(_ time: Planning.Time) -> JSONValue {
        .object(
            JSONObject([
                ("gradient_checkpointing", .bool(time.checkpointing)), ("batch_size", .int(time.batchSize)),
                ("examples_per_second", .double(time.examplesPerSecond)), ("epoch", .double(time.epoch)),
                ("run", .double(time.epoch * Double(command.epochs))),
            ]))
    }

    /// For people.
    var text: String {
        var lines = heading + ["", table.text]
        lines.append("in brackets: does not fit into nine tenths of the memory")
        lines += ["", largest]
        lines.append(
            "bertqa predict and evaluate read 4096 tokens at a time, whatever their rows: \(planning.predict)")
        lines += ["", advice, "  " + commandLine(planning.way)]
        lines += times.map(sentence)
        if let remark = planning.remark, !command.isWithoutCalibration { lines.append(remark) }
        return lines.joined(separator: "\n")
    }

    private var heading: [String] {
        let millions = Figures.fixed(Double(planning.parameterCount) / 1e6, 1)
        let rows = planning.rows
        var lines = [
            "model   \(command.model): \(millions) M parameters; \(planning.precision.rawValue) on "
                + "\(planning.device.rawValue), \(planning.threads) threads"
        ]
        if let count = rows.count, let tokens = rows.tokens {
            lines.append(
                "rows    \(count) of \(tokens / max(1, count)) tokens on average, \(rows.longest) at most; the batches of "
                    + "\(command.epochs) epochs with seed \(command.seed)")
        } else {
            lines.append("rows    of \(rows.longest) tokens each; with --train-file, those of the data")
        }
        return lines + ["memory  \(plan.memory)" + (command.memory == nil ? ", this machine's" : "")]
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
        let way = planning.way
        var parts = ["batch size \(command.batchSize):"]
        parts.append(way.accumulation == 1 ? "in one pass" : "in \(way.accumulation) passes of \(way.batchSize) rows")
        if way.checkpointing { parts.append("with gradient checkpointing") }
        return parts.joined(separator: " ") + ", \(way.peak) at the peak"
    }

    private func sentence(_ time: Planning.Time) -> String {
        let run = time.epoch * Double(command.epochs)
        return "an epoch takes \(Figures.duration(time.epoch)), \(command.epochs) epochs \(Figures.duration(run))"
            + (time.checkpointing ? " with gradient checkpointing" : "")
            + ": \(Figures.fixed(time.examplesPerSecond, 1)) examples/s over \(Figures.fixed(time.seconds, 1)) s, "
            + "without validation and saving"
    }

    private func commandLine(_ way: TrainingPlan.Way) -> String {
        var words = ["bertqa", "train", "--model", command.model, "--train-file", command.trainFile ?? "train.json"]
        words += ["--output-dir", "run", "--batch-size", "\(way.batchSize)"]
        if way.accumulation > 1 { words += ["--gradient-accumulation-steps", "\(way.accumulation)"] }
        if way.checkpointing { words.append("--gradient-checkpointing") }
        if let value = command.length.maxLength { words += ["--max-length", "\(value)"] }
        if let value = command.length.truncation { words += ["--truncation", value.rawValue] }
        if let value = command.length.docStride { words += ["--doc-stride", "\(value)"] }
        words += ["--epochs", "\(command.epochs)", "--seed", "\(command.seed)"]
        if command.run.precision != .auto { words += ["--precision", command.run.precision.rawValue] }
        if command.run.device != .auto { words += ["--device", command.run.device.rawValue] }
        if let threads = command.run.threads { words += ["--threads", "\(threads)"] }
        return words.map(Self.quoted).joined(separator: " ")
    }

    /// A word as a shell takes it.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./+=:,@%".utf8.contains(byte)
        }
        return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
