/// Character references, as in `&eacute;`, `&#233;` and `&#xE9;`.
enum HTMLReference {
    /// Reads what follows an `&`.
    ///
    /// - Returns: the text that it stands for, or `&` alone, and the index behind it.
    static func read(_ bytes: [UInt8], at start: Int) -> (text: String, end: Int) {
        let next = start + 1
        guard next < bytes.count else { return ("&", next) }
        if bytes[next] == UInt8(ascii: "#") { return number(bytes, at: next + 1) ?? ("&", next) }
        return name(bytes, at: next) ?? ("&", next)
    }

    private static func number(_ bytes: [UInt8], at start: Int) -> (text: String, end: Int)? {
        guard start < bytes.count else { return nil }
        let isHexadecimal = bytes[start] | 0x20 == UInt8(ascii: "x")
        var index = isHexadecimal ? start + 1 : start
        let first = index
        var value: UInt32 = 0
        while index < bytes.count, let digit = digit(bytes[index], isHexadecimal) {
            // Above the last scalar it need not grow further.
            value = min(value * (isHexadecimal ? 16 : 10) + digit, 0x110000)
            index += 1
        }
        guard index > first else { return nil }
        if index < bytes.count, bytes[index] == UInt8(ascii: ";") { index += 1 }
        // Pages mean windows-1252 by numbers that are control characters.
        if (0x80...0x9F).contains(value) { return (String(TextDecoding.windows1252(UInt8(value))), index) }
        let scalar = value == 0 ? nil : Unicode.Scalar(value)
        return (String(scalar ?? "\u{FFFD}"), index)
    }

    private static func digit(_ byte: UInt8, _ isHexadecimal: Bool) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f") where isHexadecimal: UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F") where isHexadecimal: UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private static func name(_ bytes: [UInt8], at start: Int) -> (text: String, end: Int)? {
        let rest = bytes[start...].prefix(longest)
        let letters = rest.prefix { HTMLTag.isLetter($0) || (0x30...0x39).contains($0) }
        guard !letters.isEmpty else { return nil }
        if letters.endIndex < bytes.count, bytes[letters.endIndex] == UInt8(ascii: ";"),
            let text = named[String(decoding: letters, as: UTF8.self)]
        {
            return (text, letters.endIndex + 1)
        }
        // Some names have always been understood without the semicolon, whatever follows.
        for count in stride(from: min(letters.count, 6), through: 2, by: -1) {
            let name = String(decoding: letters.prefix(count), as: UTF8.self)
            if bare.contains(name), let text = named[name] { return (text, start + count) }
        }
        return nil
    }

    /// Letters of the longest name.
    private static let longest = 31

    /// What names stand for.
    private static let named: [String: String] = {
        var result: [String: String] = [:]
        var words = htmlReferences.split { $0 == " " || $0 == "\n" }.makeIterator()
        while let name = words.next(), let codes = words.next() {
            var text = String.UnicodeScalarView()
            for code in codes.split(separator: "+") {
                if let scalar = UInt32(code, radix: 16).flatMap(Unicode.Scalar.init) { text.append(scalar) }
            }
            result[String(name)] = String(text)
        }
        return result
    }()

    private static let bare = Set(bareHTMLReferences.split { $0 == " " || $0 == "\n" }.map(String.init))
}
