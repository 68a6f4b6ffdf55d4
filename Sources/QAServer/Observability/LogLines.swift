import Files
import Foundation
import Logging
import StrictJSON

/// Log lines on standard error: JSON objects for programs, or `name=value` for people.
package struct LogLines: LogHandler {
    /// What every line says.
    package var metadata: Logger.Metadata = [:]
    /// The least level that is written.
    package var logLevel: Logger.Level
    private let asJSON: Bool
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - asJSON: whether each line is a JSON object.
    ///   - write: takes a line with its end; standard error if it is not given.
    package init(
        level: Logger.Level, asJSON: Bool,
        write: @escaping @Sendable (String) -> Void = { StandardError.write($0) }
    ) {
        logLevel = level
        self.asJSON = asJSON
        self.write = write
    }

    /// One fact that every line says.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes a line.
    package func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = Date().formatted(.iso8601.time(includingFractionalSeconds: true))
        if asJSON {
            let members: [(String, JSONValue)] =
                [
                    ("time", .string(time)), ("level", .string(event.level.rawValue)),
                    ("message", .string("\(event.message)")),
                ] + facts.map { ($0.key, .string("\($0.value)")) }
            write(JSONValue.object(JSONObject(members)).serialized() + "\n")
        } else {
            let tail = facts.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
            write("\(time) \(event.level.rawValue) \(event.message)\(tail)\n")
        }
    }

    /// As it is, or in quotes with escapes if it could be taken for something else.
    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
        return isPlain ? text : JSONValue.string(text).serialized()
    }
}
