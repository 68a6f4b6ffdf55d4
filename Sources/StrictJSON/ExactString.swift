/// A text that equals another only if all their bytes do.
///
/// Swift's own comparison of strings equates canonical equivalents: "é" as one scalar and "é" as two. Keys and ids
/// that differ so are different ones to JSON, to Python and to the official metrics.
public struct ExactString: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The text.
    public let text: String

    /// A text that is compared by its bytes.
    public init(_ text: String) {
        self.text = text
    }

    /// A literal that is compared by its bytes.
    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// The text.
    public var description: String { text }

    /// Whether all bytes of the UTF-8 forms are the same.
    public static func == (left: ExactString, right: ExactString) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Hashes the bytes of the UTF-8 form.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
