extension Unicode.Scalar {
    /// The ideographs that BERT takes apart, and the syllables of Japanese, which are written without spaces as well.
    package var isCJK: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B820...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    /// Hiragana and Katakana.
    package var isKana: Bool { (0x3040...0x30FF).contains(value) }
}
