/// The library's view of what Unicode's normalisation forms and a few classes of scalars need beyond `UnicodeTable`;
/// unpacked when a tokenizer with such steps is first used.
struct NormalisationTable: Sendable {
    static let shared = NormalisationTable(packed: packedNormalisationTable)

    private let blocks: [UInt16]
    private let classes: [UInt8]
    private let compatible: ScalarMapping
    private let compositions: [UInt64: UInt32]

    private init(packed: String) {
        var input = PackedReader(base64: packed)
        (blocks, classes) = UnicodeTable.unpackRuns(&input)
        compatible = ScalarMapping(&input)
        var compositions: [UInt64: UInt32] = [:]
        var whole = 0
        for _ in 0..<input.varint() {
            whole += input.varint()
            let (first, second) = (whole + input.zigzag(), input.varint())
            compositions[Self.pair(UInt32(first), UInt32(second))] = UInt32(whole)
        }
        self.compositions = compositions
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    private func traits(_ scalar: UInt32) -> UInt8 { classes[Int(blocks[Int(scalar >> 7)]) << 7 | Int(scalar & 127)] }

    /// Whether `StripAccents` removes it.
    func isMark(_ scalar: UInt32) -> Bool { traits(scalar) & 1 != 0 }
    /// Whether `Digits` splits it off.
    func isNumber(_ scalar: UInt32) -> Bool { traits(scalar) & 2 != 0 }
    /// Whether `\w` of a regular expression matches it.
    func isWord(_ scalar: UInt32) -> Bool { traits(scalar) & 4 != 0 }
    /// Whether `\s` of a regular expression matches it.
    func isSpace(_ scalar: UInt32) -> Bool { traits(scalar) & 8 != 0 }
    /// Whether `\d` of a regular expression matches it.
    func isDigit(_ scalar: UInt32) -> Bool { traits(scalar) & 16 != 0 }

    /// What `Whitespace` takes it for: 1 is a part of a word, 0 of what stands between words, nil white space.
    func whitespaceKind(_ scalar: UInt32) -> Int? {
        let traits = traits(scalar)
        return traits & 64 != 0 ? 1 : traits & 128 != 0 ? nil : 0
    }

    /// Calls `body` with each scalar of the full decomposition.
    func decompose(_ scalar: UInt32, compatibly: Bool, _ body: (UInt32) -> Void) {
        if compatibly && traits(scalar) & 32 != 0 { return compatible.forEach(scalar, body) }
        if !UnicodeTable.shared.traits(scalar).contains(.decomposes) { return body(scalar) }
        UnicodeTable.shared.decompose(scalar, body)
    }

    /// The scalar that two others make together.
    func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let (leading, vowel) = (first &- 0x1100, second &- 0x1161)
        if leading < 19 && vowel < 21 { return 0xAC00 + (leading * 21 + vowel) * 28 }
        let (syllable, trailing) = (first &- 0xAC00, second &- 0x11A7)
        if syllable < 11172 && syllable % 28 == 0 && trailing > 0 && trailing < 28 { return first + trailing }
        return compositions[Self.pair(first, second)]
    }
}
