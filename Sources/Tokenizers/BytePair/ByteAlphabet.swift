/// The letters by which byte-level vocabularies spell bytes: a visible letter for each of the 256.
///
/// The bytes of visible Latin-1 characters stand for themselves; all others, in order, have the letters from U+0100 on.
/// A space is `Ġ` (U+0120), a line feed `Ċ` (U+010A).
///
/// - Source: `bytes_char` of tokenizers 0.23.1 (`tokenizers/src/pre_tokenizers/byte_level.rs`).
enum ByteAlphabet {
    /// The letter of a space.
    static let space: UInt32 = 0x120

    /// The letter of each byte.
    static let letters: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte of each letter; -1 if there is none.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x200)
        for (byte, letter) in letters.enumerated() { bytes[Int(letter)] = Int16(byte) }
        return bytes
    }()

    /// Appends the bytes that a token, in valid UTF-8, stands for; `false`, and nothing, if one of its characters is no
    /// letter of the alphabet.
    static func append(_ token: UnsafeBufferPointer<UInt8>, to text: inout [UInt8]) -> Bool {
        guard let start = token.baseAddress else { return true }
        let before = text.count
        var position = 0
        while position < token.count {
            let (letter, next) = UTF8Scalars.decode(start, position)
            guard letter < bytes.count, bytes[Int(letter)] >= 0 else {
                text.removeSubrange(before...)
                return false
            }
            text.append(UInt8(truncatingIfNeeded: bytes[Int(letter)]))
            position = next
        }
        return true
    }

    /// The text that tokens stand for together; what is not UTF-8 in it becomes U+FFFD. A token with other characters
    /// stands for itself.
    ///
    /// - Source: `ByteLevel::decode_chain` of tokenizers 0.23.1.
    static func text(of tokens: some Sequence<String>) -> String {
        var text: [UInt8] = []
        for var token in tokens {
            token.withUTF8 { bytes in
                if !append(bytes, to: &text) { text.append(contentsOf: bytes) }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
