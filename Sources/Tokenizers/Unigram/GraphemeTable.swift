/// What decides whether two scalars belong to one grapheme cluster; the bits of `Tools/make_grapheme_table.py`.
struct GraphemeTraits: OptionSet, Sendable {
    let rawValue: UInt16

    /// Belongs to what is before it: a combining mark, a joiner.
    static let extends = GraphemeTraits(rawValue: 1 << 0)
    /// Stands alone: a control character, a line break.
    static let control = GraphemeTraits(rawValue: 1 << 1)
    /// Belongs to what is behind it.
    static let prepends = GraphemeTraits(rawValue: 1 << 2)
    /// Belongs to a Hangul vowel behind it.
    static let beforeVowel = GraphemeTraits(rawValue: 1 << 3)
    /// Belongs to a Hangul final consonant behind it.
    static let beforeFinal = GraphemeTraits(rawValue: 1 << 4)
    /// A pictograph: belongs to another one behind a joiner.
    static let pictograph = GraphemeTraits(rawValue: 1 << 5)
    /// May stand between a pictograph and the joiner.
    static let insidePictographs = GraphemeTraits(rawValue: 1 << 6)
    /// An Indic consonant: belongs to another one behind a linker.
    static let consonant = GraphemeTraits(rawValue: 1 << 7)
    /// Links two Indic consonants.
    static let linker = GraphemeTraits(rawValue: 1 << 8)
    /// May stand between the two consonants beside a linker.
    static let insideConsonants = GraphemeTraits(rawValue: 1 << 9)
}

/// The library's view of which scalars form a grapheme cluster, unpacked once from `packedGraphemeTable`.
///
/// The library follows another version of Unicode than Swift's `Character`. Flags (pairs of regional indicators) are
/// two clusters here: each indicator has 4 bytes, and a cluster of 6 bytes or more is treated as its scalars are.
///
/// - Source: `unicode-segmentation` 1.13.2 (`src/grapheme.rs`), which tokenizers 0.23.1 uses.
struct GraphemeTable: Sendable {
    static let shared = GraphemeTable(packed: packedGraphemeTable)

    private static let joiner: UInt32 = 0x200D

    private let blocks: [UInt16]
    private let kinds: [UInt8]
    private let traitsOfKind: [GraphemeTraits]

    private init(packed: String) {
        var input = PackedReader(base64: packed)
        var traits: [GraphemeTraits] = []
        for _ in 0..<input.varint() { traits.append(GraphemeTraits(rawValue: UInt16(input.varint()))) }
        (blocks, kinds) = UnicodeTable.unpackRuns(&input)
        traitsOfKind = traits
    }

    @inline(__always)
    func traits(_ scalar: UInt32) -> GraphemeTraits {
        traitsOfKind[Int(kinds[Int(blocks[Int(scalar >> 7)]) << 7 | Int(scalar & 127)])]
    }

    /// Where the cluster ends that begins at `start`; `end` is the end of the text.
    @inline(__always)
    func clusterEnd(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var (scalar, position) = UTF8Scalars.decode(bytes, start)
        // Most characters have no mark behind them, and nothing but marks belongs to most.
        if position == end { return end }
        var before = traits(scalar)
        if before.isEmpty && bytes[position] < 0x80 { return position }
        var context = Context()
        while position < end {
            context.pass(scalar, before)
            let (following, next) = UTF8Scalars.decode(bytes, position)
            let after = traits(following)
            if breaks(scalar, before, following, after, context) { return position }
            (scalar, before, position) = (following, after, next)
        }
        return end
    }

    /// Whether a cluster ends between two scalars that follow each other.
    private func breaks(
        _ scalar: UInt32, _ before: GraphemeTraits, _ following: UInt32, _ after: GraphemeTraits, _ context: Context
    ) -> Bool {
        if before.contains(.control) || after.contains(.control) { return !(scalar == 0x0D && following == 0x0A) }
        if after.contains(.extends) || before.contains(.prepends) || joinsHangul(before, after, following) {
            return false
        }
        if after.contains(.consonant) { return !context.linksConsonants }
        return !(after.contains(.pictograph) && context.joinsPictographs)
    }

    /// Whether both are parts of one Hangul syllable.
    private func joinsHangul(_ before: GraphemeTraits, _ after: GraphemeTraits, _ following: UInt32) -> Bool {
        guard !before.isDisjoint(with: [.beforeVowel, .beforeFinal]) else { return false }
        let isLeading = before.contains(.beforeVowel) && !before.contains(.beforeFinal)
        let isSyllable = (0xAC00..<0xD7A4).contains(following)
        switch (after.contains(.beforeVowel), after.contains(.beforeFinal)) {
        case (true, false): return isLeading
        case (true, true): return isSyllable ? isLeading : before.contains(.beforeVowel)
        case (false, true): return isSyllable ? isLeading : before.contains(.beforeFinal)
        case (false, false): return false
        }
    }

    /// What scalars further back decide.
    private struct Context {
        /// 1 behind a pictograph, 2 behind one and a joiner.
        private var pictographs = 0
        /// 1 behind an Indic consonant, 2 behind one and a linker.
        private var consonants = 0

        var joinsPictographs: Bool { pictographs == 2 }
        var linksConsonants: Bool { consonants == 2 }

        mutating func pass(_ scalar: UInt32, _ traits: GraphemeTraits) {
            if traits.contains(.pictograph) {
                pictographs = 1
            } else if scalar == GraphemeTable.joiner {
                pictographs = pictographs == 1 ? 2 : 0
            } else if !traits.contains(.insidePictographs) || pictographs == 2 {
                pictographs = 0
            }
            if traits.contains(.consonant) {
                consonants = 1
            } else if traits.contains(.linker) {
                consonants = consonants > 0 ? 2 : 0
            } else if !traits.contains(.insideConsonants) {
                consonants = 0
            }
        }
    }
}
