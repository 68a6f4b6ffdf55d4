import Files
import Foundation

/// A file of scalars that TensorBoard shows.
///
/// A file is a row of records: length, masked checksum of the length, an `Event` message, masked checksum of the
/// message.
/// - Source: tensorflow/core/lib/io/record_writer.h and core/util/event.proto, as TensorBoard reads them.
package final class EventFile {
    /// The value in place of TensorBoard's time of an event.
    package enum Clock: Sendable {
        /// The step, as seconds: the file is a function of what was computed.
        case steps
        /// The time of day.
        case wall

        fileprivate func time(step: Int) -> Double {
            switch self {
            case .steps: Double(step)
            case .wall: Date().timeIntervalSince1970
            }
        }
    }

    private let output: FileOutput
    private let clock: Clock

    /// Opens `directory`'s event file, and creates both if they do not exist.
    ///
    /// - Parameter length: what the file is cut to, in bytes, as `synchronize` returned it; nil, or more than the
    ///   file's length, starts a new file.
    package init(directory: String, clock: Clock, length: Int?) throws(FileError) {
        try DurableFiles.makeDirectory(directory)
        self.clock = clock
        output = try FileOutput(appendingTo: "\(directory)/events.out.tfevents.0000000000.bertqa")
        let end = try output.size()
        let kept = length.flatMap { $0 <= end ? $0 : nil } ?? 0
        try output.truncate(to: kept)
        if kept == 0 { try append(EventRecord.version(time: clock.time(step: 0))) }
    }

    /// Appends scalars of one step.
    package func add(_ scalars: [(tag: String, value: Double)], step: Int) throws(FileError) {
        try append(EventRecord.scalars(scalars, step: step, time: clock.time(step: step)))
    }

    /// Waits until the whole file is on disk, and returns its length in bytes.
    package func synchronize() throws(FileError) -> Int {
        try output.synchronize()
        return try output.size()
    }

    private func append(_ message: Data) throws(FileError) {
        try output.append { $0 += EventRecord.framed(message) }
        try output.flush()
    }
}
