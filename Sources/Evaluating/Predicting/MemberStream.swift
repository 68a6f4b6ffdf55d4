import Files
import StrictJSON

/// The members of the JSON object that a file holds, one after another.
struct MemberStream {
    private let file: MappedFile
    private var reader: JSONReader
    private var isFirst = true
    private var isAtEnd = false
    private var released = 0

    /// - Throws: `FileError` for a file that cannot be read; `next` for one that is not an object.
    init(path: String) throws(FileError) {
        file = try MappedFile(path: path)
        reader = JSONReader(file.bytes)
    }

    /// The next member; nil at the end.
    mutating func next() throws(FileError) -> (key: String, value: JSONValue)? {
        defer { withExtendedLifetime(file) {} }
        guard !isAtEnd else { return nil }
        do {
            if isFirst { try reader.beginObject() }
            guard let key = try reader.nextKey(first: isFirst) else {
                try reader.end()
                isAtEnd = true
                return nil
            }
            isFirst = false
            let value = try reader.value()
            if reader.byteOffset - released > 8 << 20 {
                released = reader.byteOffset
                file.release(upTo: released)
            }
            return (key, value)
        } catch {
            throw FileError(path: file.path, message: "\(error)")
        }
    }
}
