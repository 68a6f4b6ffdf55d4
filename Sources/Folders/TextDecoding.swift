import Foundation

/// Bytes of files as text.
enum TextDecoding {
    /// The text of bytes in UTF-8, or in UTF-16 with a mark at the beginning.
    ///
    /// - Parameter fallback: what to try with bytes that are neither.
    /// - Returns: the text without the mark; or what is wrong.
    static func text(
        _ bytes: [UInt8], fallback: ([UInt8]) -> String?
    ) -> Result<String, Reason> {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return utf8(bytes[3...], at: 3) }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return utf16(bytes) }
        if bytes.contains(0) {
            return .failure(Reason(text: "has zero bytes: it is not a text, whatever its name says"))
        }
        if let text = fallback(bytes) { return .success(text) }
        return utf8(bytes[...], at: 0)
    }

    /// What is wrong with bytes.
    struct Reason: Error {
        let text: String
    }

    private static func utf8(_ bytes: ArraySlice<UInt8>, at start: Int) -> Result<String, Reason> {
        if let text = String(validating: bytes, as: UTF8.self) {
            guard !bytes.contains(0) else { return .failure(Reason(text: "has zero bytes: it is not a text")) }
            return .success(text)
        }
        return .failure(
            Reason(
                text: "is not UTF-8 from byte \(start + validPrefix(bytes)) on; convert it, for example with "
                    + "iconv -f WINDOWS-1252 -t UTF-8"))
    }

    /// Bytes before the first that cannot be UTF-8.
    private static func validPrefix(_ bytes: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var count = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { count += UTF8.width(scalar) }
        return count
    }

    private static func utf16(_ bytes: [UInt8]) -> Result<String, Reason> {
        let isLittle = bytes[0] == 0xFF
        guard bytes.count.isMultiple(of: 2) else {
            return .failure(Reason(text: "begins as UTF-16 and has an odd number of bytes"))
        }
        let units = stride(from: 2, to: bytes.count, by: 2).map { index in
            let (low, high) = isLittle ? (bytes[index], bytes[index + 1]) : (bytes[index + 1], bytes[index])
            return UInt16(high) << 8 | UInt16(low)
        }
        guard let text = String(validating: units, as: UTF16.self), !units.contains(0) else {
            return .failure(Reason(text: "begins as UTF-16 and is not a text in it"))
        }
        return .success(text)
    }

    /// Bytes in windows-1252, which browsers take for latin-1 and ASCII too.
    static func fromWindows1252(_ bytes: [UInt8]) -> String {
        var scalars = String.UnicodeScalarView()
        for byte in bytes { scalars.append(windows1252(byte)) }
        return String(scalars)
    }

    /// A byte in windows-1252; those that it leaves undefined are control characters.
    ///
    /// - Source: https://encoding.spec.whatwg.org/#windows-1252
    static func windows1252(_ byte: UInt8) -> Unicode.Scalar {
        guard (0x80...0x9F).contains(byte) else { return Unicode.Scalar(byte) }
        return Unicode.Scalar(upper[Int(byte) - 0x80]) ?? "\u{FFFD}"
    }

    private static let upper: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]
}
