extension JSONReader {
    /// Takes a string.
    package mutating func string() throws(JSONError) -> String {
        guard try peek() == .string else { throw error("expected a string") }
        let start = byteOffset + 1
        var end = start
        var isASCII = true
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") {
            guard bytes[end] >= 0x20 else { throw failure("a control character in a string must be escaped", end) }
            if bytes[end] >= 0x80 { isASCII = false }
            end += 1
        }
        guard end < bytes.count else { throw failure("the file ends inside a string", bytes.count) }
        if bytes[end] == UInt8(ascii: "\"") {
            advance(to: end + 1)
            return isASCII ? String(decoding: bytes[start..<end], as: UTF8.self) : try validated(start..<end)
        }
        return try escapedString(from: start, firstEscape: end)
    }

    private func failure(_ message: String, _ offset: Int) -> JSONError { JSONError(message, at: offset, in: bytes) }

    private func validated(_ range: Range<Int>) throws(JSONError) -> String {
        let text = UnsafeRawBufferPointer(rebasing: bytes[range]).assumingMemoryBound(to: UInt8.self)
        guard let string = String(validating: text, as: UTF8.self) else {
            throw failure("invalid UTF-8; JSON must be in UTF-8", firstInvalid(range))
        }
        return string
    }

    /// Where the bytes stop being UTF-8.
    private func firstInvalid(_ range: Range<Int>) -> Int {
        var low = range.lowerBound
        var decoder = UTF8()
        var iterator = bytes[range].makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            low += UTF8.width(scalar)
        }
        return low
    }

    /// The slow path: a string with at least one escape.
    private mutating func escapedString(from start: Int, firstEscape: Int) throws(JSONError) -> String {
        var text: [UInt8] = Array(bytes[start..<firstEscape])
        var position = firstEscape
        while true {
            guard position < bytes.count else { throw failure("the file ends inside a string", bytes.count) }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else { throw failure("a control character in a string must be escaped", position) }
            if byte == UInt8(ascii: "\\") {
                let (scalar, end) = try escape(at: position)
                text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
                position = end
            } else {
                text.append(byte)
                position += 1
            }
        }
        advance(to: position + 1)
        guard let string = String(validating: text, as: UTF8.self) else {
            throw failure("invalid UTF-8 in a string that begins here", start)
        }
        return string
    }

    /// The scalar that an escape stands for, and where it ends.
    private func escape(at start: Int) throws(JSONError) -> (Unicode.Scalar, Int) {
        guard start + 1 < bytes.count else { throw failure("the file ends inside a string", bytes.count) }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""): return ("\"", start + 2)
        case UInt8(ascii: "\\"): return ("\\", start + 2)
        case UInt8(ascii: "/"): return ("/", start + 2)
        case UInt8(ascii: "b"): return ("\u{8}", start + 2)
        case UInt8(ascii: "f"): return ("\u{C}", start + 2)
        case UInt8(ascii: "n"): return ("\n", start + 2)
        case UInt8(ascii: "r"): return ("\r", start + 2)
        case UInt8(ascii: "t"): return ("\t", start + 2)
        case UInt8(ascii: "u"): return try unicodeEscape(at: start)
        default: throw failure("unknown escape in a string", start)
        }
    }

    private func unicodeEscape(at start: Int) throws(JSONError) -> (Unicode.Scalar, Int) {
        let high = try hexadecimal(at: start + 2)
        if let scalar = Unicode.Scalar(high) { return (scalar, start + 6) }
        // Not a scalar: half of a surrogate pair, whose other half must follow.
        guard high < 0xDC00, start + 7 < bytes.count, bytes[start + 6] == UInt8(ascii: "\\"),
            bytes[start + 7] == UInt8(ascii: "u")
        else { throw failure("a lone surrogate (half of a character) in a string", start) }
        let low = try hexadecimal(at: start + 8)
        guard low >= 0xDC00, low <= 0xDFFF,
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw failure("a lone surrogate (half of a character) in a string", start) }
        return (scalar, start + 12)
    }

    private func hexadecimal(at start: Int) throws(JSONError) -> UInt32 {
        guard start + 4 <= bytes.count else { throw failure("the file ends inside a string", bytes.count) }
        var value: UInt32 = 0
        for offset in start..<(start + 4) {
            switch bytes[offset] {
            case 0x30...0x39: value = value << 4 | UInt32(bytes[offset] - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(bytes[offset] - 0x37)
            case 0x61...0x66: value = value << 4 | UInt32(bytes[offset] - 0x57)
            default: throw failure("four hexadecimal digits must follow \\u", offset)
            }
        }
        return value
    }
}
