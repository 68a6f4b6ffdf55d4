import Files
import StrictJSON

/// TensorBoard's files of a run.
///
/// `tensorboard/` has what is computed, with the step in place of the time, so that the file of a run that was stopped
/// and resumed equals that of one that never stopped. Measured times are in a separate run, `tensorboard/throughput/`.
struct TrainingEvents {
    /// The lengths of both files in bytes, which a checkpoint remembers.
    struct Lengths: Sendable, Hashable {
        let values: Int
        let throughput: Int

        var json: JSONValue {
            ["values": .int(values), "throughput": .int(throughput)]
        }

        init(values: Int, throughput: Int) {
            (self.values, self.throughput) = (values, throughput)
        }

        init?(json: JSONValue?) {
            guard let values = json?["values"]?.int, let throughput = json?["throughput"]?.int else { return nil }
            self.init(values: values, throughput: throughput)
        }
    }

    private let values: EventFile
    private let throughput: EventFile

    /// - Parameter lengths: the files are cut to these; nil starts new files.
    init(outputDirectory: String, lengths: Lengths?) throws(FileError) {
        let directory = "\(outputDirectory)/tensorboard"
        values = try EventFile(directory: directory, clock: .steps, length: lengths?.values)
        throughput = try EventFile(directory: "\(directory)/throughput", clock: .wall, length: lengths?.throughput)
    }

    /// Appends the results of a step.
    func add(_ scalars: [(tag: String, value: Double)], step: Int) throws(FileError) {
        try values.add(scalars, step: step)
    }

    /// Appends the throughput of a step.
    func addThroughput(examples: Int, tokens: Int, seconds: Double, step: Int) throws(FileError) {
        try throughput.add(
            [
                ("throughput/examples_per_second", Double(examples) / seconds),
                ("throughput/real_tokens_per_second", Double(tokens) / seconds),
            ], step: step)
    }

    /// Waits for the disk, and returns the lengths of the files.
    func synchronize() throws(FileError) -> Lengths {
        Lengths(values: try values.synchronize(), throughput: try throughput.synchronize())
    }
}
