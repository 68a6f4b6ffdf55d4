import BERT
import Checkpoints
import Evaluating
import Files
import StrictJSON
import Torch

/// Saving and loading of weights, moments and state.
struct TrainingCheckpoint {
    let model: QuestionAnsweringModel
    let optimizer: AdamW
    /// Nil in runs without one.
    let average: WeightAverage?
    let environment: RunEnvironment

    /// Writes the files of a checkpoint into a directory.
    func write(_ state: TrainingState, options: TrainingOptions, to directory: String) throws {
        try model.writeWeights(to: "\(directory)/model.safetensors")
        try SafetensorsFile.write(moments, to: "\(directory)/optimizer.safetensors")
        if let average { try SafetensorsFile.write(average.means, to: "\(directory)/average.safetensors") }
        try DurableFiles.write(
            state.json(options: options.record, environment: environment).serialized(pretty: true) + "\n",
            to: "\(directory)/state.json")
    }

    /// Restores the model and the optimizer from a checkpoint, and returns its state, with the differences of its
    /// environment that may change the last bits of what follows.
    func read(
        from directory: String, options: TrainingOptions
    ) throws -> (state: TrainingState, differences: [String]) {
        let path = "\(directory)/state.json"
        let json = try MappedFile(path: path).withBytes(JSONValue.parse)
        let state = try TrainingState(json: json, options: options.deciding, path: path)
        try assign(
            model.parameters.all, from: SafetensorsFile(path: "\(directory)/model.safetensors"))
        try assign(moments, from: SafetensorsFile(path: "\(directory)/optimizer.safetensors"))
        if let average {
            try assign(average.means, from: SafetensorsFile(path: "\(directory)/average.safetensors"))
        }
        optimizer.resume(atStep: state.optimizerStep)
        return (state, environment.differences(from: json["environment"]))
    }

    /// Restores the newest whole checkpoint, which the process with rank 0 reads and shares; nil if there is none.
    func resume(
        _ options: TrainingOptions, from store: CheckpointStore, team: Team, report: inout TrainingReport
    ) throws(TrainingError) -> TrainingState? {
        let own = try TrainingError.wrapping(.output, "`resume`: ") {
            () throws -> (state: TrainingState, differences: [String])? in
            guard team.writes, let newest = try store.newestWhole(warn: { report.say("warning: \($0)") }) else {
                return nil
            }
            return try read(from: newest.path, options: options)
        }
        let text = try team.announced(
            own?.state.json(options: options.record, environment: environment).serialized() ?? "nothing")
        guard text != "nothing" else {
            report.say("nothing to resume in \(store.directory); starting at the beginning")
            return nil
        }
        if let own, !own.differences.isEmpty {
            report.say(
                "warning: the run was stopped in another environment: \(own.differences.joined(separator: ", ")); it "
                    + "continues, but the last bits may differ from those of an uninterrupted run")
        }
        try team.share(optimizer.slots.flatMap { [$0.firstMoment, $0.secondMoment] })
        if let average { try team.share(average.means.map(\.tensor)) }
        if let own { return own.state }
        return try TrainingError.wrapping(.output, "`resume`: ") {
            let state = try TrainingState(
                json: JSONValue.parse(Array(text.utf8)), options: options.deciding,
                path: "the state of the process with rank 0")
            optimizer.resume(atStep: state.optimizerStep)
            return state
        }
    }

    /// The moments under the names of PyTorch's optimizer state.
    private var moments: [(name: String, tensor: Tensor)] {
        optimizer.slots.flatMap { slot in
            [("exp_avg.\(slot.name)", slot.firstMoment), ("exp_avg_sq.\(slot.name)", slot.secondMoment)]
        }
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
