/// A pull parser for JSON (RFC 8259) over UTF-8 bytes that stay alive while it is used.
///
/// It hands out one piece at a time and allocates nothing for what is skipped, so that large files need no tree. It is
/// strict: no trailing commas, no comments, no invalid UTF-8, no lone surrogates, no control characters in strings,
/// nothing after the document. A byte order mark at the start is passed over.
package struct JSONReader {
    /// What the next value is.
    package enum Kind: Sendable, Hashable {
        /// `{`
        case object
        /// `[`
        case array
        /// A string.
        case string
        /// A number.
        case number
        /// `true` or `false`
        case bool
        /// `null`
        case null
    }

    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    private var depth = 0
    private let depthLimit: Int

    /// A reader at the start of `bytes`.
    ///
    /// - Parameter depthLimit: how many objects and arrays may be open at once.
    package init(_ bytes: UnsafeRawBufferPointer, depthLimit: Int = 128) {
        self.bytes = bytes
        self.depthLimit = depthLimit
        position = Self.byteOrderMark(bytes)
    }

    /// The bytes that a byte order mark takes up at the start.
    static func byteOrderMark(_ bytes: UnsafeRawBufferPointer) -> Int {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The place of the next piece, for messages.
    package func error(_ message: String) -> JSONError { JSONError(message, at: position, in: bytes) }

    /// The place of the next piece in bytes.
    package var byteOffset: Int { position }

    // MARK: Values

    /// What comes next, without taking it.
    package mutating func peek() throws(JSONError) -> Kind {
        switch try nextByte("a value") {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw error("expected a value")
        }
    }

    /// Takes `{`.
    package mutating func beginObject() throws(JSONError) { try open("{", "an object") }

    /// Takes `[`.
    package mutating func beginArray() throws(JSONError) { try open("[", "an array") }

    /// Takes the next key and its colon, or `}` and returns nil.
    ///
    /// - Parameter first: whether this is the first call after `beginObject`.
    package mutating func nextKey(first: Bool) throws(JSONError) -> String? {
        if try atEnd(of: "}", first: first, "an object") { return nil }
        guard try nextByte("a key") == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
        let key = try string()
        guard try nextByte("':'") == UInt8(ascii: ":") else { throw error("expected ':' after a key") }
        position += 1
        return key
    }

    /// Whether the array goes on; takes the comma, or `]` and returns false.
    ///
    /// - Parameter first: whether this is the first call after `beginArray`.
    package mutating func nextElement(first: Bool) throws(JSONError) -> Bool {
        try !atEnd(of: "]", first: first, "an array")
    }

    /// Takes `true` or `false`.
    package mutating func bool() throws(JSONError) -> Bool {
        guard try peek() == .bool else { throw error("expected true or false") }
        if bytes[position] == UInt8(ascii: "t") {
            try literal("true")
            return true
        }
        try literal("false")
        return false
    }

    /// Takes `null`.
    package mutating func null() throws(JSONError) {
        _ = try nextByte("null")
        try literal("null")
    }

    /// Takes a number.
    package mutating func number() throws(JSONError) -> JSONNumber {
        guard try peek() == .number else { throw error("expected a number") }
        let range = try scanNumber()
        let text = UnsafeRawBufferPointer(rebasing: bytes[range])
        if text.allSatisfy({ $0 == UInt8(ascii: "-") || ($0 >= 0x30 && $0 <= 0x39) }),
            let integer = Int64(String(decoding: text, as: UTF8.self))
        {
            return JSONNumber(Int(integer))
        }
        if let value = DecimalNumber(text)?.value { return JSONNumber(value) }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            throw JSONError("the number is too large", at: range.lowerBound, in: bytes)
        }
        return JSONNumber(value)
    }

    /// Takes one value of any kind and forgets it.
    package mutating func skipValue() throws(JSONError) {
        switch try peek() {
        case .object:
            try beginObject()
            var first = true
            while try nextKey(first: first) != nil {
                first = false
                try skipValue()
            }
        case .array:
            try beginArray()
            var first = true
            while try nextElement(first: first) {
                first = false
                try skipValue()
            }
        case .string: _ = try string()
        case .number: _ = try scanNumber()
        case .bool: _ = try bool()
        case .null: try null()
        }
    }

    /// Whether nothing but white space is left: the end of a file of several documents.
    package mutating func isAtEnd() -> Bool {
        skipSpace()
        return position == bytes.count
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(JSONError) {
        skipSpace()
        guard position == bytes.count else { throw error("there is more after the end of the document") }
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func advance(to position: Int) { self.position = position }

    /// What comes next; `expected` is put together for messages only, not for each byte.
    @inline(__always)
    private mutating func nextByte(_ expected: @autoclosure () -> String) throws(JSONError) -> UInt8 {
        skipSpace()
        if position < bytes.count { return bytes[position] }
        throw error(position == 0 ? "the file is empty" : "the file ends where \(expected()) should follow")
    }

    private mutating func open(_ bracket: Unicode.Scalar, _ what: String) throws(JSONError) {
        guard try nextByte(what) == UInt8(ascii: bracket) else { throw error("expected \(what)") }
        depth += 1
        guard depth <= depthLimit else { throw error("more than \(depthLimit) objects and arrays inside one another") }
        position += 1
    }

    private mutating func atEnd(of bracket: Unicode.Scalar, first: Bool, _ what: String) throws(JSONError) -> Bool {
        let byte = try nextByte("the rest of \(what)")
        if byte == UInt8(ascii: bracket) {
            position += 1
            depth -= 1
            return true
        }
        if !first {
            guard byte == UInt8(ascii: ",") else { throw error("expected ',' or '\(bracket)' in \(what)") }
            position += 1
            if try nextByte("the rest of \(what)") == UInt8(ascii: bracket) {
                throw error("a comma before '\(bracket)'")
            }
        }
        return false
    }

    private mutating func literal(_ word: StaticString) throws(JSONError) {
        let end = position + word.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[position..<end].elementsEqual(expected) else {
            throw error("expected \(word)")
        }
        position = end
    }

    /// Takes the digits of a number, strictly by the grammar.
    private mutating func scanNumber() throws(JSONError) -> Range<Int> {
        _ = try nextByte("a number")
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let leadingZero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !(leadingZero && whole > 1) else { throw error("malformed number") }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw error("a digit must follow the point") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            guard digits() > 0 else { throw error("a digit must follow the exponent") }
        }
        return start..<position
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        return position - start
    }
}
