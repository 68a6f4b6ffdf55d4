/// Text as Python's `str` and `re` see it: the official metrics are defined by them.
enum PythonText {
    typealias Scalars = [Unicode.Scalar]

    /// `str.lower()`: the full mapping, with the small sigma that ends a word.
    /// - Source: CPython's `Objects/unicodeobject.c` (`handle_capital_sigma`) describes the rule of Unicode 3.13.
    static func lower(_ text: Scalars) -> Scalars {
        var result: Scalars = []
        result.reserveCapacity(text.count)
        for (index, scalar) in text.enumerated() {
            if scalar.isASCII {
                let value = scalar.value
                let lowered = value >= 0x41 && value <= 0x5A ? value + 32 : value
                result.append(Unicode.Scalar(UInt8(lowered)))
            } else if scalar == "\u{3A3}" {
                result.append(endsWord(text, at: index) ? "\u{3C2}" : "\u{3C3}")
            } else {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return result
    }

    /// Whether the sigma at `index` follows a cased letter and none follows it, case-ignorable characters aside.
    private static func endsWord(_ text: Scalars, at index: Int) -> Bool {
        let before = text[..<index].last { !$0.properties.isCaseIgnorable }
        let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true
    }

    /// `str.isspace()` of one character, by which `str.split()` splits.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// `\w` of `re`: what `str.isalnum()` accepts, and the underscore.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar.value {
            case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: return true
            default: return false
            }
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return scalar.properties.numericType != nil
        }
    }

    /// Whether the character is in `string.punctuation`.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}
