#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The replacements of a sentencepiece model's normaliser: what `precompiled_charsmap` holds.
///
/// The file is a double-array tree over the UTF-8 bytes of what is replaced, 4 bytes a unit, little endian, behind its
/// length in bytes; then all replacements, each ended by a zero byte. Every index in it is checked when it is read, so
/// that a search cannot leave the tree or begin in the middle of a scalar, whatever the file holds.
///
/// - Source: `spm_precompiled` 0.1.4 (`src/lib.rs`), which the `Precompiled` normaliser of tokenizers 0.23.1 uses.
struct CharacterMap: Sendable {
    /// A unit of the tree, by its bits.
    private struct Unit {
        let bits: UInt32

        /// The byte that leads here; more than any byte if the unit holds a value.
        var label: UInt32 { bits & 0x8000_00FF }
        /// Whether something that is replaced ends here: the first child holds where its replacement begins.
        var endsKey: Bool { bits & 0x100 != 0 }
        /// What the place of a child differs in from the place here, its label aside.
        var offset: Int { Int(bits >> 10) << Int((bits & 0x200) >> 6) }
        /// Where a replacement begins.
        var value: Int { Int(bits & 0x7FFF_FFFF) }
        /// Whether it holds a value; no label leads to it.
        var isValue: Bool { bits & 0x8000_0000 != 0 }
    }

    private let units: [UInt32]
    /// The replacements, each with a zero byte behind it.
    let replacements: [UInt8]
    /// By byte: the one ASCII byte that the ASCII character becomes; `notOneByte` where it becomes something else, for
    /// bytes that are not ASCII, and for the carriage return, which may belong together with what follows.
    let asciiMap: [UInt8]

    /// In `asciiMap`: not an ASCII character that becomes one.
    static let notOneByte: UInt8 = 0xFF

    /// Reads the map from the bytes of a sentencepiece model.
    ///
    /// - Throws: `TokenizerError` (`.malformed`) that says what is wrong with the bytes, and names no file.
    init(_ bytes: [UInt8]) throws(TokenizerError) {
        guard bytes.count >= 4 else { throw Self.malformed("it has \(bytes.count) bytes, fewer than a length takes") }
        let unitCount = Int(Self.integer(bytes, 0)) / 4
        guard unitCount > 0 else { throw Self.malformed("its tree is empty") }
        guard unitCount <= (bytes.count - 4) / 4 else {
            throw Self.malformed("its tree of \(unitCount) units does not fit into its \(bytes.count) bytes")
        }
        // Places whose last 8 bits alone differ are in the same block: with whole blocks a label cannot lead outside.
        let wholeBlocks = (unitCount + 255) / 256 * 256
        var units = [UInt32](repeating: 0, count: wholeBlocks)
        for index in 0..<unitCount { units[index] = Self.integer(bytes, 4 + 4 * index) }
        let replacements = Array(bytes[(4 + 4 * unitCount)...])
        // Decoding replaces what is not UTF-8, so that the text differs from its bytes.
        guard String(decoding: replacements, as: UTF8.self).utf8.elementsEqual(replacements) else {
            throw Self.malformed("its replacements are not valid UTF-8")
        }
        try Self.check(units, replacements)
        self.units = units
        self.replacements = replacements
        asciiMap = Self.asciiMap(units, replacements)
    }

    /// Reads the map from `tokenizer.json`, where it is in Base64.
    ///
    /// - Throws: `TokenizerError` (`.malformed`) that says what is wrong with it, and names no file.
    init(base64 text: String) throws(TokenizerError) {
        guard let data = Data(base64Encoded: text) else { throw Self.malformed("it is not Base64") }
        try self.init([UInt8](data))
    }

    private static func integer(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
            | UInt32(bytes[place + 3]) << 24
    }

    /// Checks that no search leaves the tree, and that each replacement begins with a scalar.
    private static func check(_ units: [UInt32], _ replacements: [UInt8]) throws(TokenizerError) {
        for place in units.indices {
            let unit = Unit(bits: units[place])
            if unit.isValue && place > 0 { continue }
            let base = place ^ unit.offset
            guard base < units.count else {
                throw malformed("unit \(place) of its tree leads to unit \(base) of \(units.count)")
            }
            guard unit.endsKey else { continue }
            let start = Unit(bits: units[base]).value
            guard start <= replacements.count, start == replacements.count || replacements[start] & 0xC0 != 0x80 else {
                throw malformed("a replacement begins at byte \(start) of \(replacements.count), inside a character")
            }
        }
    }

    private static func asciiMap(_ units: [UInt32], _ replacements: [UInt8]) -> [UInt8] {
        var map = [UInt8](repeating: notOneByte, count: 256)
        for byte in UInt8(0)..<0x80 where byte != 0x0D {
            let found = withUnsafePointer(to: byte) { search(units, replacements, $0, 1) }
            guard let found else {
                map[Int(byte)] = byte
                continue
            }
            if found.count == 1 { map[Int(byte)] = replacements[found.lowerBound] }
        }
        return map
    }

    private static func malformed(_ what: String) -> TokenizerError {
        TokenizerError(.malformed, "the precompiled_charsmap of the normalizer cannot be read: \(what)")
    }

    /// Where in `replacements` the replacement of the shortest key is that the bytes begin with; nil if there is none.
    ///
    /// The whole of the bytes is replaced by it, also what follows the key: this is what the library does.
    @inline(__always)
    func replacement(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Range<Int>? {
        Self.search(units, replacements, bytes, length)
    }

    @inline(__always)
    private static func search(
        _ units: [UInt32], _ replacements: [UInt8], _ bytes: UnsafePointer<UInt8>, _ length: Int
    ) -> Range<Int>? {
        var node = Unit(bits: units[0]).offset
        for position in 0..<length {
            let byte = bytes[position]
            if byte == 0 { return nil }
            node ^= Int(byte)
            let unit = Unit(bits: units[node])
            if unit.label != UInt32(byte) { return nil }
            node ^= unit.offset
            if unit.endsKey {
                let start = Unit(bits: units[node]).value
                return start..<(replacements[start...].firstIndex(of: 0) ?? replacements.count)
            }
        }
        return nil
    }
}
