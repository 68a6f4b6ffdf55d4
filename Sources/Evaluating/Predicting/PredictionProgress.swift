import Files
import Foundation
import StrictJSON

/// The answers of an unfinished run, in a file beside its output: a line that says what they depend on, then a JSON
/// line per question in the order of the dataset. Complete lines are kept, in whatever way a run is stopped.
package final class PredictionProgress {
    /// The file: the output's name with `.progress`, or another one where the output is a device or a pipe.
    package let path: String
    /// The answers that an earlier run has left.
    package let done: Int
    private let output: FileOutput
    private let clock = ContinuousClock()
    private var synchronized = ContinuousClock().now

    /// A power cut costs at most this much work.
    private static let interval = Duration.seconds(2)

    /// Where the progress of an output is kept.
    package static func path(of output: String) -> String { output + ending }

    private static let ending = ".progress"

    /// Begins a progress file, or continues one that an earlier run has left.
    ///
    /// - Parameters:
    ///   - resume: whether to continue an existing file; otherwise one that holds answers is an error.
    ///   - warn: called for a changed environment, and for incomplete lines.
    /// - Throws: `EvaluationError.output` if another run is writing to it, or it was started with other options;
    ///   `FileError`.
    package init(
        output: String, identity: PredictionIdentity, resume: Bool, warn: (String) -> Void
    ) throws {
        if resume, try OutputStreams.contains(output) {
            throw EvaluationError.output("\(output) is a device or a pipe; `resume` needs a file as `output`")
        }
        let path = try OutputStreams.companion(of: output, Self.ending)
        self.path = path
        self.output = try FileOutput(appendingTo: path)
        guard try self.output.lock() else {
            throw EvaluationError.output(
                "\(path): another run is writing to it; wait for it, or choose another `output`")
        }
        let left = try Self.contents(of: path, warn: warn)
        guard let header = left.header, left.done > 0 else {
            done = 0
            try self.output.truncate(to: 0)
            let header = JSONValue.object(JSONObject(identity.members)).serialized()
            try self.output.append { $0 += (header + "\n").utf8 }
            try self.output.synchronize()
            return
        }
        guard resume else {
            throw EvaluationError.output(
                "\(path) holds \(left.done) answers of a run that was stopped; continue it with `resume`, or remove it")
        }
        try Self.check(identity, against: header, path: path, warn: warn)
        done = left.done
        try self.output.truncate(to: left.end)
    }

    /// Appends an answer.
    package func add(_ record: PredictionRecord) throws(FileError) {
        let line = record.line
        try output.append {
            $0 += line.utf8
            $0.append(UInt8(ascii: "\n"))
        }
    }

    /// Makes sure that added answers survive the end of this process, and now and then that they survive a power cut.
    package func save() throws(FileError) {
        guard clock.now - synchronized > Self.interval else { return try output.flush() }
        try synchronize()
    }

    /// Makes sure of it at once.
    package func synchronize() throws(FileError) {
        try output.synchronize()
        synchronized = clock.now
    }

    /// Removes the file, once the outputs are whole.
    package func remove() throws(FileError) { try OutputStreams.removeCompanion(path) }

    private static func check(
        _ identity: PredictionIdentity, against header: JSONValue, path: String, warn: (String) -> Void
    ) throws {
        var differences = identity.differences(from: header)
        if let shard = header["shard"]?.string, shard != "\(identity.shard)" {
            differences.append("`shard` (\(shard), now \(identity.shard))")
        }
        guard differences.isEmpty else {
            throw EvaluationError.output(
                "\(path) was started with other settings: \(differences.joined(separator: ", ")); use the same "
                    + "ones, or remove it"
            )
        }
        let circumstances = identity.circumstances(from: header)
        if !circumstances.isEmpty {
            warn(
                "it was started in another environment: \(circumstances.joined(separator: ", ")); "
                    + "the last digits of probabilities may differ from those of an unbroken run")
        }
    }

    /// The complete part of a file: its first line, the number of answers, and where they end.
    private static func contents(
        of path: String, warn: (String) -> Void
    ) throws(FileError) -> (header: JSONValue?, done: Int, end: Int) {
        var lines = try JSONLines(path: path)
        guard let header = lines.next(), header["options"] != nil else { return (nil, 0, 0) }
        var (done, end) = (0, lines.end)
        while let line = lines.next(), PredictionRecord(line) != nil { (done, end) = (done + 1, lines.end) }
        if end < lines.size {
            warn("\(path): the last line is incomplete; it is discarded and its question answered again")
        }
        return (header, done, end)
    }
}
