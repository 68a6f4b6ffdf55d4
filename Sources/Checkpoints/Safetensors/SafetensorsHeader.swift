import StrictJSON

/// The header of a safetensors file: its tensors and where their bytes are.
///
/// Layout: eight bytes header length (little-endian), the header as JSON, then the data of all tensors without gaps.
/// Everything is checked here, before any of the data is read.
///
/// - Source: the format section of https://github.com/huggingface/safetensors
package struct SafetensorsHeader: Sendable {
    /// One tensor's entry.
    package struct Entry: Sendable, Hashable {
        /// The tensor's name.
        package let name: String
        /// The type of its elements.
        package let elementType: ElementType
        /// Its dimensions, outermost first; empty for a scalar.
        package let shape: [Int]
        /// Where its bytes are in the file, counted from the start of the file.
        package let range: Range<Int>
    }

    /// The longest header that is read, in bytes: the limit of the format's own library.
    package static let maximumLength = 100_000_000

    /// The entries in the order of their data.
    package let entries: [Entry]
    /// The file's `__metadata__`; empty when it has none.
    package let metadata: [String: String]

    /// Reads and checks the header of the file whose bytes are given; `path` is only for errors.
    package init(_ bytes: UnsafeRawBufferPointer, path: String) throws(CheckpointError) {
        let checker = HeaderChecker(path: path)
        let dataStart = try checker.dataStart(of: bytes)
        let members = try checker.members(of: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]))
        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        // Names that differ in bytes alone (é as one scalar or as two) are one key to Swift: one would hide the other.
        var names: Set<String> = []
        for (name, value) in members {
            guard names.insert(name).inserted else { throw checker.failure("the name occurs twice", tensor: name) }
            if name == "__metadata__" {
                metadata = try checker.metadata(value)
            } else {
                entries.append(try checker.entry(name, value, dataStart: dataStart))
            }
        }
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        try checker.checkOrder(entries, dataStart: dataStart, fileLength: bytes.count)
        self.entries = entries
        self.metadata = metadata
    }
}

/// The rules of the format, one function each.
private struct HeaderChecker {
    let path: String

    func failure(_ message: String, tensor: String? = nil) -> CheckpointError {
        let prefix = tensor.map { "tensor '\($0)': " } ?? ""
        return CheckpointError(path: path, kind: .invalid, message: prefix + message)
    }

    func dataStart(of bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> Int {
        guard bytes.count >= 8 else {
            throw failure(
                "not a safetensors file: its \(bytes.count) bytes are fewer than the 8 of the header's length")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsHeader.maximumLength else {
            throw failure("not a safetensors file: its header would be \(length) bytes long")
        }
        guard Int(length) <= bytes.count - 8 else {
            throw failure(
                "the file ends inside its header: \(length) bytes are announced, \(bytes.count - 8) are there")
        }
        guard length > 0, bytes[8] == UInt8(ascii: "{") else {
            throw failure("not a safetensors file: its header does not begin with '{'")
        }
        return 8 + Int(length)
    }

    func members(of header: UnsafeRawBufferPointer) throws(CheckpointError) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONValue.parse(header)
        } catch {
            throw failure("the header is not valid JSON: \(error)")
        }
        guard let object = value.object else { throw failure("the header is not a JSON object") }
        return object
    }

    func metadata(_ value: JSONValue) throws(CheckpointError) -> [String: String] {
        guard let object = value.object else { throw failure("__metadata__ is not a JSON object") }
        var strings: [String: String] = [:]
        for (key, value) in object {
            guard let string = value.string else {
                throw failure("the value of '\(key)' in __metadata__ is not a string")
            }
            strings[key] = string
        }
        return strings
    }

    func entry(
        _ name: String, _ value: JSONValue, dataStart: Int
    ) throws(CheckpointError) -> SafetensorsHeader.Entry {
        guard let object = value.object else { throw failure("its entry is not a JSON object", tensor: name) }
        guard let typeName = object["dtype"]?.string else {
            throw failure("'dtype' is missing or not a string", tensor: name)
        }
        guard let elementType = ElementType(rawValue: typeName) else {
            throw failure("unknown element type '\(typeName)'", tensor: name)
        }
        let shape = try integers(object["shape"], key: "shape", tensor: name)
        let offsets = try integers(object["data_offsets"], key: "data_offsets", tensor: name)
        guard offsets.count == 2 else {
            throw failure("'data_offsets' has \(offsets.count) numbers instead of 2", tensor: name)
        }
        guard let byteCount = elementType.byteCount(shape: shape) else {
            throw failure("a \(typeName) tensor cannot have the shape \(shape)", tensor: name)
        }
        let (begin, end) = (offsets[0], offsets[1])
        guard 0 <= begin, begin <= end, end <= Int.max - dataStart else {
            throw failure("its bytes cannot be at offsets \(begin) to \(end)", tensor: name)
        }
        guard end - begin == byteCount else {
            throw failure(
                "shape \(shape) of \(typeName) takes \(byteCount) bytes, but its offsets span \(end - begin)",
                tensor: name)
        }
        return .init(name: name, elementType: elementType, shape: shape, range: dataStart + begin..<dataStart + end)
    }

    func integers(_ value: JSONValue?, key: String, tensor: String) throws(CheckpointError) -> [Int] {
        guard let array = value?.array else { throw failure("'\(key)' is missing or not an array", tensor: tensor) }
        var numbers: [Int] = []
        for element in array {
            guard let number = element.int else {
                throw failure("'\(key)' contains something other than a whole number", tensor: tensor)
            }
            numbers.append(number)
        }
        return numbers
    }

    /// The tensors must follow each other without gaps or overlaps, and fill the file.
    func checkOrder(
        _ entries: [SafetensorsHeader.Entry], dataStart: Int, fileLength: Int
    ) throws(CheckpointError) {
        var expected = dataStart
        for entry in entries {
            guard entry.range.lowerBound == expected else {
                let kind =
                    entry.range.lowerBound < expected ? "it overlaps the tensor before it" : "there is a gap before it"
                throw failure(
                    "\(kind): its bytes begin at \(entry.range.lowerBound - dataStart) instead of "
                        + "\(expected - dataStart)",
                    tensor: entry.name)
            }
            expected = entry.range.upperBound
        }
        guard expected == fileLength else {
            let kind = expected > fileLength ? "cut short" : "too long"
            throw failure(
                "the file is \(kind): its tensors take \(expected - dataStart) bytes, but \(fileLength - dataStart) "
                    + "are there"
            )
        }
    }
}
