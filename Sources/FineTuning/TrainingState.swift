import BERT
import Files
import Foundation
import StrictJSON
import Torch

/// Where a run is: all that a checkpoint holds besides weights and moments.
package struct TrainingState: Sendable {
    /// Steps taken, those included that were skipped.
    var step = 0
    /// Steps of the optimizer: those that were not skipped.
    var optimizerStep = 0
    /// How many steps before this one were skipped in a row because their numbers were not finite.
    var skippedInARow = 0
    /// The epoch under way, counted from 0.
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
    /// The finished epochs.
    var statistics = TrainingStatistics()
    /// The lengths of TensorBoard's files; nil without them.
    var eventLengths: TrainingEvents.Lengths?
    /// Rows of a step, those of all processes together: it stays so with another number of processes.
    let rowsPerStep: Int
    /// Rows of a pass: what was asked for, or less once memory ran out.
    var rowsPerPass: Int

    func json(options: JSONValue, environment: RunEnvironment) -> JSONValue {
        .object(
            JSONObject([
                ("step", .int(step)), ("optimizer_step", .int(optimizerStep)),
                ("skipped_in_a_row", .int(skippedInARow)),
                ("epoch", .int(epoch)), ("row", .int(row)), ("skipped_rows", .int(skippedRows)),
                ("loss_sum", .double(lossSum)),
                ("tokens", .int(tokens)), ("seconds", .double(seconds)), ("statistics", statistics.json()),
                ("event_bytes", eventLengths?.json ?? .null),
                ("rows_per_step", .int(rowsPerStep)), ("rows_per_pass", .int(rowsPerPass)),
                ("options", options), ("environment", environment.json),
            ]))
    }

    /// The beginning of a run.
    init(rowsPerStep: Int, rowsPerPass: Int) {
        (self.rowsPerStep, self.rowsPerPass) = (rowsPerStep, rowsPerPass)
    }

    /// Reads what `json(options:environment:)` gave, and compares the options with those of the run that wants to go on.
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
        // Checkpoints from before there were several processes don't say.
        let batch = options["batch_size"]?.int ?? 1
        rowsPerStep = json["rows_per_step"]?.int ?? batch * (options["gradient_accumulation_steps"]?.int ?? 1)
        rowsPerPass = json["rows_per_pass"]?.int ?? batch
        guard rowsPerStep >= 1, rowsPerPass >= 1 else {
            throw FileError(path: path, message: "the checkpoint's state has steps or passes without rows")
        }
        let differences = (options.object.map(Array.init) ?? []).compactMap { member -> String? in
            let before = saved[member.key] ?? .null
            guard !TrainingOptions.withoutEffectOnNumbers.contains(member.key) else { return nil }
            guard before.serialized() != member.value.serialized() else { return nil }
            return "\(member.key) (\(before.serialized()), now \(member.value.serialized()))"
        }
        guard differences.isEmpty else {
            throw FileError(
                path: path,
                message: "the run was started with other settings: \(differences.joined(separator: ", ")); resume it "
                    + "with the same ones, or start anew in another --output-dir")
        }
    }
}

/// Saving and loading of weights, moments and state.
struct TrainingCheckpoint {
    let model: BertForQuestionAnswering
    let optimizer: AdamW
    let environment: RunEnvironment

    /// Writes the files of a checkpoint into a directory.
    func write(_ state: TrainingState, options: JSONValue, to directory: String) throws {
        try model.writeWeights(to: "\(directory)/model.safetensors")
        try writeMoments(to: "\(directory)/optimizer.safetensors")
        try DurableFiles.write(
            state.json(options: options, environment: environment).serialized(pretty: true) + "\n",
            to: "\(directory)/state.json")
    }

    /// Brings the model and the optimizer to where a checkpoint was saved, and says where that is, and what was otherwise
    /// then that may change the last bits of what follows.
    func read(
        from directory: String, options: JSONValue
    ) throws -> (state: TrainingState, differences: [String]) {
        let path = "\(directory)/state.json"
        let json = try MappedFile(path: path).withBytes(JSONValue.parse)
        let state = try TrainingState(json: json, options: options, path: path)
        try assign(
            model.parameters.all, from: SafetensorsFile(path: "\(directory)/model.safetensors"))
        try assign(moments, from: SafetensorsFile(path: "\(directory)/optimizer.safetensors"))
        optimizer.resume(atStep: state.optimizerStep)
        return (state, environment.differences(from: json["environment"]))
    }

    /// The moments under the names that PyTorch's optimizer state has.
    private var moments: [(name: String, tensor: Tensor)] {
        optimizer.slots.flatMap { slot in
            [("exp_avg.\(slot.name)", slot.firstMoment), ("exp_avg_sq.\(slot.name)", slot.secondMoment)]
        }
    }

    private func writeMoments(to path: String) throws {
        let tensors = Dictionary(uniqueKeysWithValues: moments.map { ($0.name, $0.tensor) })
        var writer = try SafetensorsWriter(
            path: path,
            tensors: moments.map {
                TensorDescription(name: $0.name, elementType: .float32, shape: $0.tensor.shape)
            })
        for description in writer.order {
            guard let tensor = tensors[description.name] else { continue }
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * tensor.count, alignment: 8)
            defer { bytes.deallocate() }
            try tensor.copyBytes(to: bytes)
            try writer.append(UnsafeRawBufferPointer(bytes))
        }
        try writer.finish()
    }

    private func assign(_ targets: [(name: String, tensor: Tensor)], from file: SafetensorsFile) throws {
        for (name, tensor) in targets {
            guard let view = file[name], view.shape == tensor.shape else {
                throw FileError(path: file.path, message: "the checkpoint has no \(name) of shape \(tensor.shape)")
            }
            try tensor.assign(view.tensor())
        }
    }
}
