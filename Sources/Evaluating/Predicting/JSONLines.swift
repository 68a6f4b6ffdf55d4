import Files
import StrictJSON

/// The complete lines of a file, each a JSON value.
struct JSONLines {
    private let file: MappedFile
    /// Where the last line that was read ends, in bytes.
    private(set) var end = 0
    private var released = 0

    /// The bytes of the file.
    var size: Int { file.bytes.count }

    init(path: String) throws(FileError) {
        file = try MappedFile(path: path)
    }

    /// The next line; nil if no complete one follows.
    mutating func next() -> JSONValue? {
        let (start, file) = (end, file)
        let line = file.withBytes { bytes -> (value: JSONValue, end: Int)? in
            guard let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")),
                let value = try? JSONValue.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<newline]))
            else { return nil }
            return (value, newline + 1)
        }
        guard let line else { return nil }
        end = line.end
        if end - released > 8 << 20 {
            file.release(upTo: end)
            released = end
        }
        return line.value
    }
}
