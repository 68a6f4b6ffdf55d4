/// Why a safetensors file can't be read or written: the file, the tensor where there is one, and the rule it breaks.
package struct SafetensorsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The rules of the format, and the ways in which the system refuses.
    package enum Rule: Sendable, Hashable {
        /// The file isn't there.
        case missing
        /// The file can't be opened or mapped.
        case unreadable
        /// The file has fewer than the eight bytes that hold the header's length.
        case tooShort
        /// The header claims more than `SafetensorsHeader.maximumLength` bytes.
        case headerTooLong
        /// The file ends inside its header.
        case headerTruncated
        /// The header doesn't begin with `{`.
        case headerStart
        /// The header isn't JSON: its syntax, its UTF-8, or a key that occurs twice.
        case headerJSON
        /// `__metadata__` isn't an object of strings.
        case metadata
        /// A tensor's entry lacks `dtype`, `shape` or `data_offsets`, or one of them has the wrong JSON type.
        case entry
        /// The element type isn't one of the format's.
        case elementType
        /// A dimension is negative, or the dimensions multiply to more bytes than can be counted.
        case shape
        /// The offsets are negative, end before they begin, or leave a hole or an overlap to the tensor before.
        case offsets
        /// The offsets span another number of bytes than the shape and the element type take.
        case size
        /// The data is longer or shorter than the tensors say.
        case dataLength
        /// The system refused to write.
        case unwritable
        /// The caller's tensors can't stand in one file: a name twice, or other bytes than described.
        case contents
    }

    /// The file as the caller named it.
    package let path: String
    /// The tensor that breaks the rule, if it is one tensor's fault.
    package let tensor: String?
    /// The rule that is broken.
    package let rule: Rule
    /// What was found, in words.
    package let message: String

    /// An error of the file at `path`.
    package init(path: String, tensor: String? = nil, rule: Rule, message: String) {
        self.path = path
        self.tensor = tensor
        self.rule = rule
        self.message = message
    }

    /// The file, the tensor, and what was found.
    package var description: String { "\(path): \(detail)" }

    /// The description without the file.
    var detail: String {
        guard let tensor else { return message }
        return "tensor '\(tensor)': \(message)"
    }
}
