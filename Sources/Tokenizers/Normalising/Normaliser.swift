/// BERT's text normalisation, exactly as the `tokenizers` library's `BertNormalizer` does it, positions included.
///
/// In order: control characters are removed and white space becomes a space (`cleanText`), Chinese characters get
/// spaces around them (`spacesChineseCharacters`), the text is decomposed canonically and loses its non-spacing marks
/// (`stripsAccents`), and it is put in lower case scalar by scalar (`lowercases`).
package struct Normaliser: Sendable, Hashable {
    /// Removes control characters, U+0000 and U+FFFD, and makes every white space a plain space.
    package var cleanText: Bool
    /// Puts spaces around the ideographs of the CJK blocks.
    package var spacesChineseCharacters: Bool
    /// Decomposes and removes non-spacing marks; `nil`: as `lowercases`.
    package var stripsAccents: Bool?
    /// Maps every scalar to lower case, without regard to its neighbours.
    package var lowercases: Bool

    /// Makes a normaliser; the defaults are those of an uncased model.
    package init(
        cleanText: Bool = true, spacesChineseCharacters: Bool = true, stripsAccents: Bool? = nil,
        lowercases: Bool = true
    ) {
        self.cleanText = cleanText
        self.spacesChineseCharacters = spacesChineseCharacters
        self.stripsAccents = stripsAccents
        self.lowercases = lowercases
    }

    /// The normalised text.
    package func normalise(_ text: String) -> String { NormaliserEngine(self).normalise(text, NormalisedText()) }
}

/// A `Normaliser` with its tables ready.
struct NormaliserEngine: Sendable {
    /// In `asciiMap`: not an ASCII byte that stays one byte.
    static let special: UInt8 = 0xFF

    let settings: Normaliser
    let table = UnicodeTable.shared
    /// The traits that the settings act on.
    let active: ScalarTraits
    let strips: Bool
    /// The byte each ASCII byte becomes, or `special`.
    let asciiMap: [UInt8]

    init(_ settings: Normaliser) {
        self.settings = settings
        var active: ScalarTraits = []
        strips = settings.stripsAccents ?? settings.lowercases
        if settings.cleanText { active.formUnion([.removed, .spaced]) }
        if settings.spacesChineseCharacters { active.insert(.chinese) }
        if strips { active.formUnion([.mark, .decomposes]) }
        if settings.lowercases { active.insert(.lowers) }
        self.active = active
        var map = [UInt8](repeating: Self.special, count: 256)
        for byte in UInt8(0)..<0x80 {
            let traits = UnicodeTable.shared.traits(UInt32(byte)).intersection(active)
            if traits.contains(.removed) { continue }
            map[Int(byte)] = traits.contains(.spaced) ? 0x20 : traits.contains(.lowers) ? byte | 0x20 : byte
        }
        asciiMap = map
    }

    /// The normalised text; `scratch` keeps the memory of one call for the next.
    func normalise(_ text: String, _ scratch: NormalisedText) -> String {
        var text = text
        return text.withUTF8 { bytes in
            normalise(bytes, 0..<bytes.count, into: scratch)
            return String(decoding: UnsafeBufferPointer(start: scratch.bytes, count: scratch.count), as: UTF8.self)
        }
    }

    /// Normalises the source bytes `range` into `output` (emptied first); positions count from the beginning of
    /// `source`.
    func normalise(_ source: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into output: NormalisedText) {
        output.reset(base: range.lowerBound, reserving: range.count + 16)
        guard let bytes = source.baseAddress else { return }
        asciiMap.withUnsafeBufferPointer { map in
            var position = copyASCII(bytes, range.lowerBound, range.upperBound, map, output)
            if position < range.upperBound { output.leaveIdentity() }
            while position < range.upperBound {
                let mapped = map[Int(bytes[position])]
                if mapped != Self.special {
                    output.reserve(1)
                    output.append(mapped, Int32(truncatingIfNeeded: position), Int32(truncatingIfNeeded: position + 1))
                    position += 1
                } else if bytes[position] < 0x80 {
                    position += 1
                } else {
                    position = appendScalar(bytes, position, range.upperBound, output)
                }
            }
        }
    }

    /// Copies up to the first byte that does not stay one byte; returns its position.
    private func copyASCII(
        _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ map: UnsafeBufferPointer<UInt8>,
        _ output: NormalisedText
    ) -> Int {
        let target = output.bytes
        var position = start
        while position < end {
            let mapped = map[Int(bytes[position])]
            if mapped == Self.special { break }
            target[position - start] = mapped
            position += 1
        }
        output.advanceIdentity(position - start)
        return position
    }

    /// Normalises the scalar at `position` and the marks that follow it if they need it; returns the position behind.
    private func appendScalar(
        _ bytes: UnsafePointer<UInt8>, _ position: Int, _ limit: Int, _ output: NormalisedText
    ) -> Int {
        let (scalar, next) = UTF8Scalars.decode(bytes, position)
        let traits = table.traits(scalar).intersection(active)
        let start = Int32(truncatingIfNeeded: position)
        let end = Int32(truncatingIfNeeded: next)
        if strips && table.order(scalar) != 0 {
            return appendMarks(bytes, position, limit, MarkRun(), output)
        }
        if traits.isEmpty {
            output.append(scalar: scalar, start, end)
        } else if traits.contains(.removed) {
            return next
        } else if traits.contains(.spaced) {
            output.append(scalar: 0x20, start, end)
        } else if traits.contains(.chinese) {
            output.append(scalar: 0x20, start, end)
            table.decompose(scalar, traits.contains(.decomposes)) { appendLowered($0, start, end, output) }
            output.append(scalar: 0x20, start, end)
        } else if traits.contains(.decomposes) {
            return appendDecomposed(scalar, bytes, position, next, limit, output)
        } else if !traits.contains(.mark) {
            appendLowered(scalar, start, end, output)
        }
        return next
    }

    /// Appends what `scalar` decomposes to: its starters at once, its marks together with those that follow in the
    /// text.
    private func appendDecomposed(
        _ scalar: UInt32, _ bytes: UnsafePointer<UInt8>, _ position: Int, _ next: Int, _ limit: Int,
        _ output: NormalisedText
    ) -> Int {
        let start = Int32(truncatingIfNeeded: position)
        let end = Int32(truncatingIfNeeded: next)
        var run = MarkRun()
        var starters = 0
        table.decompose(scalar) { part in
            let order = table.order(part)
            if order == 0 {
                starters += 1
                if !table.traits(part).contains(.mark) { appendLowered(part, start, end, output) }
            } else if starters > 0 {
                run.append(part, order, isFirst: false, kept: !table.traits(part).contains(.mark))
            }
        }
        if starters == 0 { return appendMarks(bytes, position, limit, MarkRun(), output) }
        if run.isEmpty { return next }
        run.starter = start..<end
        return appendMarks(bytes, next, limit, run, output)
    }

    /// Collects the non-starters from `position` on into `run` and appends those that stay; returns the position
    /// behind.
    private func appendMarks(
        _ bytes: UnsafePointer<UInt8>, _ first: Int, _ limit: Int, _ run: consuming MarkRun, _ output: NormalisedText
    ) -> Int {
        var run = run
        var position = first
        while position < limit {
            let (scalar, next) = UTF8Scalars.decode(bytes, position)
            let traits = table.traits(scalar).intersection(active)
            if !traits.contains(.removed) {
                if scalar < 0x80 || !collect(scalar, traits, &run) { break }
                run.endSource(Int32(truncatingIfNeeded: position)..<Int32(truncatingIfNeeded: next))
            }
            position = next
        }
        run.forEachKept { appendLowered($0, $1.lowerBound, $1.upperBound, output) }
        return position
    }

    /// Adds a scalar to the run; `false` if it is a starter.
    private func collect(_ scalar: UInt32, _ traits: ScalarTraits, _ run: inout MarkRun) -> Bool {
        if traits.contains(.decomposes) {
            var isFirst = true
            var isStarter = false
            table.decompose(scalar) { part in
                let order = table.order(part)
                if isFirst && order == 0 { isStarter = true }
                if !isStarter { run.append(part, order, isFirst: isFirst, kept: !table.traits(part).contains(.mark)) }
                isFirst = false
            }
            return !isStarter
        }
        let order = table.order(scalar)
        guard order != 0 else { return false }
        run.append(scalar, order, isFirst: true, kept: !traits.contains(.mark))
        return true
    }

    @inline(__always)
    private func appendLowered(_ scalar: UInt32, _ start: Int32, _ end: Int32, _ output: NormalisedText) {
        if active.contains(.lowers) && table.traits(scalar).contains(.lowers) {
            table.lowercase(scalar) { output.append(scalar: $0, start, end) }
        } else {
            output.append(scalar: scalar, start, end)
        }
    }
}

extension UnicodeTable {
    /// As `decompose(_:_:)` if `enabled`, else `body` gets the scalar itself.
    @inline(__always)
    fileprivate func decompose(_ scalar: UInt32, _ enabled: Bool, _ body: (UInt32) -> Void) {
        if enabled { decompose(scalar, body) } else { body(scalar) }
    }
}
