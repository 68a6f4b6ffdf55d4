import Files

/// Writes an object member by member, as `JSONValue.serialized(pretty: true)` would write it at once: an object of any
/// size needs no tree.
package struct JSONObjectWriter {
    private var isEmpty = true

    /// A writer of an object that has no members yet.
    package init() {}

    /// Appends the next member to `text`.
    package mutating func add(_ key: String, _ value: JSONValue, to text: inout [UInt8]) {
        text += (isEmpty ? "{\n  " : ",\n  ").utf8
        isEmpty = false
        JSONValue.write(key, to: &text)
        text += ": ".utf8
        value.write(to: &text, indent: 2, sortedKeys: false)
    }

    /// Appends the object's end and the end of the line to `text`.
    package func finish(_ text: inout [UInt8]) {
        text += (isEmpty ? "{}\n" : "\n}\n").utf8
    }
}

extension FileOutput {
    /// Writes a JSON object of any size that appears whole or not at all; `body` gets what adds a member.
    package static func writeObject(
        to path: String, _ body: (_ add: (String, JSONValue) throws(FileError) -> Void) throws -> Void
    ) throws(FileError) {
        try DurableFiles.replace(path) { output in
            var writer = JSONObjectWriter()
            try body { key, value throws(FileError) in
                try output.append { writer.add(key, value, to: &$0) }
            }
            try output.append { writer.finish(&$0) }
        }
    }
}
