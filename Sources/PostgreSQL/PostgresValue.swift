import Foundation

/// What a statement gets in the place of `$1`, `$2` and so on.
package enum PostgresValue: Sendable {
    case null
    case text(String)
    case int(Int)
    case double(Double)
    case bytes([UInt8])
    case ints([Int])
    case texts([String])

    /// The bytes that the server gets, and whether these are the value itself rather than its text.
    var encoded: (bytes: [UInt8]?, isBinary: Bool) {
        switch self {
        case .null: (nil, false)
        case .text(let text): (Array(text.utf8) + [0], false)
        case .int(let number): (Array("\(number)".utf8) + [0], false)
        case .double(let number): (Array("\(number)".utf8) + [0], false)
        case .bytes(let bytes): (bytes, true)
        case .ints(let numbers): (Self.list(numbers.map { Array("\($0)".utf8) }), false)
        case .texts(let texts): (Self.list(texts.map(Self.quoted)), false)
        }
    }

    /// - Source: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    private static func list(_ elements: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = [UInt8(ascii: "{")]
        for (index, element) in elements.enumerated() {
            if index > 0 { result.append(UInt8(ascii: ",")) }
            result += element
        }
        return result + [UInt8(ascii: "}"), 0]
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { result.append(UInt8(ascii: "\\")) }
            result.append(byte)
        }
        return result + [UInt8(ascii: "\"")]
    }
}

/// A row of a result.
package struct PostgresRow: Sendable {
    /// Each column's value as text; nil for NULL.
    let columns: [[UInt8]?]

    /// Whether a column has no value.
    package func isNull(_ column: Int) -> Bool { columns[column] == nil }

    /// A column's text; nil if it is NULL.
    package func optionalText(_ column: Int) -> String? {
        columns[column].map { String(decoding: $0, as: UTF8.self) }
    }

    /// A column's text.
    ///
    /// - Throws: `PostgresError` of the kind `contents` if it is NULL.
    package func text(_ column: Int) throws(PostgresError) -> String {
        guard let bytes = columns[column] else { throw Self.unexpected(column) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A column's whole number.
    package func int(_ column: Int) throws(PostgresError) -> Int {
        guard let number = try Int(text(column)) else { throw Self.unexpected(column) }
        return number
    }

    /// A column's number.
    package func double(_ column: Int) throws(PostgresError) -> Double {
        guard let number = try Double(text(column)) else { throw Self.unexpected(column) }
        return number
    }

    /// A column's bytes, which the server writes as `\x` and hexadecimal digits.
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        guard let digits = columns[column], digits.starts(with: "\\x".utf8), digits.count.isMultiple(of: 2) else {
            throw Self.unexpected(column)
        }
        var result: [UInt8] = []
        result.reserveCapacity(digits.count / 2 - 1)
        for index in stride(from: 2, to: digits.count, by: 2) {
            guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else {
                throw Self.unexpected(column)
            }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func unexpected(_ column: Int) -> PostgresError {
        PostgresError(.contents, "column \(column + 1) of a result is not of the kind that is expected")
    }
}
