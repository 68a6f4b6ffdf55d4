import StrictJSON

/// Reads what Python prints of dictionaries, lists, numbers and strings, NumPy's arrays among them: the datasets
/// library and pandas write answers so into a table, as `{'text': array(['Ada'], dtype=object), 'answer_start':
/// array([12], dtype=int32)}`.
///
/// Nothing is computed: of calls such as `array(...)` the first argument is the value.
///
/// - Source: https://docs.python.org/3/reference/lexical_analysis.html
struct PythonLiteral {
    private let text: [UInt8]
    private var position = 0
    private var depth = 0

    private static let depthLimit = 32
    private static let spaces = Array(" \t\n\r".utf8)

    private init(_ text: String) { self.text = Array(text.utf8) }

    /// The value of a whole text; tuples are lists, and numbers that are not finite are null.
    ///
    /// - Throws: `RecordError` with the place in bytes.
    static func parse(_ text: String) throws(RecordError) -> JSONValue {
        var literal = PythonLiteral(text)
        let value = try literal.value()
        guard literal.peek() == nil else { throw literal.failure("more text follows") }
        return value
    }

    private func failure(_ message: String) -> RecordError {
        RecordError(message: "neither JSON nor a Python literal: \(message) at byte \(position)")
    }

    /// The next byte behind white space.
    private mutating func peek() -> UInt8? {
        while position < text.count, Self.spaces.contains(text[position]) { position += 1 }
        return position < text.count ? text[position] : nil
    }

    /// Takes a byte if it comes next.
    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(RecordError) {
        guard takes(character) else { throw failure("expected \(character)") }
    }

    private mutating func value() throws(RecordError) -> JSONValue {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw failure("brackets are nested too deeply") }
        guard let byte = peek() else { throw failure("expected a value") }
        switch byte {
        case UInt8(ascii: "{"): return try dictionary()
        case UInt8(ascii: "["): return .array(try list("[", "]"))
        case UInt8(ascii: "("): return .array(try list("(", ")"))
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return try number()
        default: return try nameOrCall()
        }
    }

    private mutating func dictionary() throws(RecordError) -> JSONValue {
        try expect("{")
        var members: [(String, JSONValue)] = []
        while !takes("}") {
            if !members.isEmpty {
                try expect(",")
                if takes("}") { break }
            }
            guard let key = try value().string else { throw failure("a key that is not a string") }
            try expect(":")
            members.append((key, try value()))
        }
        return .object(JSONObject(members))
    }

    private mutating func list(_ open: Unicode.Scalar, _ close: Unicode.Scalar) throws(RecordError) -> [JSONValue] {
        try expect(open)
        var elements: [JSONValue] = []
        while !takes(close) {
            if !elements.isEmpty {
                // NumPy prints the elements of an array with nothing but spaces between them.
                if !takes(","), open != "[" { throw failure("expected ,") }
                if takes(close) { break }
            }
            elements.append(try value())
        }
        return elements
    }

    /// A constant, or a call whose first argument is the value; arguments with names say what NumPy stores it as.
    private mutating func nameOrCall() throws(RecordError) -> JSONValue {
        switch try name() {
        case "None", "nan", "NaN", "inf": return .null
        case "True": return .bool(true)
        case "False": return .bool(false)
        default: break
        }
        try expect("(")
        let result = try value()
        while takes(",") {
            if peek() == UInt8(ascii: ")") { break }
            _ = try name()
            try expect("=")
            if peek() == UInt8(ascii: "'") || peek() == UInt8(ascii: "\"") { _ = try string() } else { _ = try name() }
        }
        try expect(")")
        return result
    }

    private mutating func name() throws(RecordError) -> String {
        _ = peek()
        let start = position
        while position < text.count, isOfName(text[position]) { position += 1 }
        guard position > start else { throw failure("expected a value") }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
            return true
        default: return false
        }
    }

    private mutating func number() throws(RecordError) -> JSONValue {
        let start = position
        while position < text.count, Self.numberBytes.contains(text[position]) { position += 1 }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        if let number = Int(digits) { return .int(number) }
        guard let number = Double(digits), number.isFinite else { throw failure("expected a number, not \(digits)") }
        return .double(number)
    }

    private static let numberBytes = Array("0123456789+-.eE".utf8)
}

// MARK: Strings

extension PythonLiteral {
    private mutating func string() throws(RecordError) -> String {
        _ = peek()
        let quote = text[position]
        position += 1
        var content: [UInt8] = []
        while position < text.count, text[position] != quote {
            if text[position] == UInt8(ascii: "\\") {
                content += try escape()
            } else {
                content.append(text[position])
                position += 1
            }
        }
        guard position < text.count else { throw failure("a string without an end") }
        position += 1
        guard let string = String(validating: content, as: UTF8.self) else { throw failure("invalid UTF-8") }
        return string
    }

    /// What an escape stands for. One that Python does not know stands for itself.
    private mutating func escape() throws(RecordError) -> [UInt8] {
        guard position + 1 < text.count else { throw failure("a string without an end") }
        let character = text[position + 1]
        position += 2
        switch character {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return [character]
        case UInt8(ascii: "\n"): return []
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "a"): return [0x07]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "v"): return [0x0B]
        case UInt8(ascii: "x"): return try scalar(digits: 2)
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default: return [UInt8(ascii: "\\"), character]
        }
    }

    private mutating func scalar(digits count: Int) throws(RecordError) -> [UInt8] {
        let digits = String(decoding: text[position...].prefix(count), as: UTF8.self)
        guard digits.utf8.count == count, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value),
            digits.utf8.first != UInt8(ascii: "+")
        else { throw failure("an escape that is not a character") }
        position += count
        return Array(String(scalar).utf8)
    }
}
