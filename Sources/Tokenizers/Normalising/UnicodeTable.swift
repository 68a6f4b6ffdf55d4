#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the reference library does with a scalar; the bits of `Tools/make_unicode_tables.py`.
struct ScalarTraits: OptionSet, Sendable {
    let rawValue: UInt8

    /// `clean_text` removes it.
    static let removed = ScalarTraits(rawValue: 1 << 0)
    /// `clean_text` replaces it by a space.
    static let spaced = ScalarTraits(rawValue: 1 << 1)
    /// `handle_chinese_chars` puts spaces around it.
    static let chinese = ScalarTraits(rawValue: 1 << 2)
    /// Words end here and it is dropped.
    static let white = ScalarTraits(rawValue: 1 << 3)
    /// It is a word of its own.
    static let punctuation = ScalarTraits(rawValue: 1 << 4)
    /// `strip_accents` removes it.
    static let mark = ScalarTraits(rawValue: 1 << 5)
    /// It has a canonical decomposition.
    static let decomposes = ScalarTraits(rawValue: 1 << 6)
    /// It has a lower-case mapping.
    static let lowers = ScalarTraits(rawValue: 1 << 7)
}

/// What the library's regular expressions take a scalar for; the numbers of `Tools/make_unicode_tables.py`.
enum RegexClass: UInt8, Sendable {
    /// None of the others.
    case other
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\s`
    case white
}

/// The library's view of every Unicode scalar, unpacked once from `packedUnicodeTables`.
///
/// A scalar's kind is found through blocks of 128 scalars; a kind holds traits and a canonical combining class. Swift's
/// own Unicode properties are not used: they follow another version of the standard than the library's three tables do.
struct UnicodeTable: Sendable {
    static let shared = UnicodeTable(packed: packedUnicodeTables)

    private let blocks: [UInt16]
    private let kinds: [UInt8]
    private let traitsOfKind: [ScalarTraits]
    private let orderOfKind: [UInt8]
    private let wordOfKind: [Bool]
    private let regexClassOfKind: [RegexClass]
    private let decompositions: ScalarMapping
    private let lowerCase: ScalarMapping

    private init(packed: String) {
        var input = PackedReader(base64: packed)
        var traits: [ScalarTraits] = []
        var orders: [UInt8] = []
        var words: [Bool] = []
        var regexClasses: [RegexClass] = []
        for _ in 0..<input.varint() {
            traits.append(ScalarTraits(rawValue: input.byte()))
            orders.append(input.byte())
            let bits = input.byte()
            words.append(bits & 1 != 0)
            regexClasses.append(RegexClass(rawValue: bits >> 1) ?? .other)
        }
        (blocks, kinds) = Self.unpackRuns(&input)
        (traitsOfKind, orderOfKind, wordOfKind, regexClassOfKind) = (traits, orders, words, regexClasses)
        decompositions = ScalarMapping(&input)
        lowerCase = ScalarMapping(&input)
    }

    /// Reads runs of scalars of one kind: the kinds of each different block of 128 scalars, and the block of each 128.
    static func unpackRuns(_ input: inout PackedReader) -> (blocks: [UInt16], kinds: [UInt8]) {
        var flat = [UInt8](repeating: 0, count: 0x110000)
        var start = 0
        var current: UInt8 = 0
        for _ in 0..<input.varint() {
            let next = start + input.varint()
            if current != 0 {
                for code in start..<next { flat[code] = current }
            }
            start = next
            current = input.byte()
        }
        for code in start..<flat.count { flat[code] = current }
        var blocks: [UInt16] = []
        var kinds: [UInt8] = []
        var known: [ArraySlice<UInt8>: UInt16] = [:]
        for first in stride(from: 0, to: flat.count, by: 128) {
            let block = flat[first..<first + 128]
            let index = known[block] ?? UInt16(kinds.count / 128)
            if known.updateValue(index, forKey: block) == nil { kinds.append(contentsOf: block) }
            blocks.append(index)
        }
        return (blocks, kinds)
    }

    @inline(__always)
    private func kind(_ scalar: UInt32) -> Int {
        Int(kinds[Int(blocks[Int(scalar >> 7)]) << 7 | Int(scalar & 127)])
    }

    @inline(__always)
    func traits(_ scalar: UInt32) -> ScalarTraits { traitsOfKind[kind(scalar)] }

    /// The canonical combining class; 0 for starters and for what has a decomposition.
    @inline(__always)
    func order(_ scalar: UInt32) -> UInt8 { orderOfKind[kind(scalar)] }

    /// Whether it belongs to a word where `single_word` tokens are looked for.
    func isWord(_ scalar: UInt32) -> Bool { wordOfKind[kind(scalar)] }

    /// What the library's regular expressions take it for.
    @inline(__always)
    func regexClass(_ scalar: UInt32) -> RegexClass { regexClassOfKind[kind(scalar)] }

    /// Calls `body` with each scalar of the full canonical decomposition.
    @inline(__always)
    func decompose(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        guard (0xAC00..<0xD7A4).contains(scalar) else { return decompositions.forEach(scalar, body) }
        let index = scalar - 0xAC00
        body(0x1100 + index / 588)
        body(0x1161 + index % 588 / 28)
        if index % 28 > 0 { body(0x11A7 + index % 28) }
    }

    /// Calls `body` with each scalar of the lower-case mapping.
    @inline(__always)
    func lowercase(_ scalar: UInt32, _ body: (UInt32) -> Void) { lowerCase.forEach(scalar, body) }
}

/// A sorted map from one scalar to a few.
struct ScalarMapping: Sendable {
    private var keys: [UInt32] = []
    private var starts: [Int32] = []
    private var targets: [UInt32] = []

    init(_ input: inout PackedReader) {
        var key = 0
        for _ in 0..<input.varint() {
            key += input.varint()
            keys.append(UInt32(key))
            starts.append(Int32(targets.count))
            for _ in 0..<input.varint() { targets.append(UInt32(key + input.zigzag())) }
        }
        starts.append(Int32(targets.count))
    }

    @inline(__always)
    func forEach(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < scalar { low = middle + 1 } else { high = middle }
        }
        guard low < keys.count, keys[low] == scalar else { return body(scalar) }
        for index in Int(starts[low])..<Int(starts[low + 1]) { body(targets[index]) }
    }
}

/// Reads the variable-length integers of the packed tables.
struct PackedReader {
    private let bytes: [UInt8]
    private var position = 0

    init(base64: String) { bytes = [UInt8](Data(base64Encoded: base64) ?? Data()) }

    mutating func byte() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    mutating func varint() -> Int {
        var value = 0
        var shift = 0
        while true {
            let next = byte()
            value |= Int(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    mutating func zigzag() -> Int {
        let value = varint()
        return value & 1 == 0 ? value / 2 : -(value + 1) / 2
    }
}
