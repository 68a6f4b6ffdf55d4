/// Takes the white space at the ends of tokens out of their offsets: `trim_offsets` of byte-level tokenizers.
///
/// - Source: `process_offsets` of tokenizers 0.23.1 (`tokenizers/src/pre_tokenizers/byte_level.rs`).
struct OffsetTrimming: Sendable {
    /// How many characters of white space a token begins and ends with.
    private struct Edges {
        var leading: Int32 = 0
        var trailing: Int32 = 0
    }

    /// Of each token of the model, by id.
    private let edges: [Edges]
    let addsPrefixSpace: Bool

    /// - Parameter addsPrefixSpace: whether one space at the beginning of a text was put there, so that it takes
    ///   nothing of the text.
    init(vocabulary: Vocabulary, addsPrefixSpace: Bool) {
        self.addsPrefixSpace = addsPrefixSpace
        var edges = [Edges](repeating: Edges(), count: vocabulary.pieceEnd)
        let pieces = vocabulary.pieces
        for place in 0..<pieces.count {
            let id = vocabulary.pieceIDs[place]
            guard vocabulary.pieceOwner(id) == place else { continue }
            edges[Int(id)] = pieces.bytes[pieces.range(place)].withUnsafeBufferPointer { Self.edges($0) }
        }
        self.edges = edges
    }

    private static func edges(_ token: UnsafeBufferPointer<UInt8>) -> Edges {
        guard let bytes = token.baseAddress else { return Edges() }
        var edges = Edges()
        var start = 0
        while start < token.count {
            let (scalar, next) = UTF8Scalars.decode(bytes, start)
            guard isSpace(scalar) else { break }
            edges.leading += 1
            start = next
        }
        var end = token.count
        while end > 0 {
            let before = UTF8Scalars.start(before: end, bytes)
            guard isSpace(UTF8Scalars.decode(bytes, before).scalar) else { break }
            edges.trailing += 1
            end = before
        }
        return edges
    }

    private static func isSpace(_ scalar: UInt32) -> Bool {
        scalar == ByteAlphabet.space || UnicodeTable.shared.traits(scalar).contains(.white)
    }

    /// Trims the tokens of a whole text.
    func trim(_ sink: TokenSink, of source: UnsafeBufferPointer<UInt8>) {
        guard let bytes = source.baseAddress else { return }
        var added = sink.addedPositions[...]
        sink.mapOffsets { index, id, range in
            guard added.first == index else { return trim(range, edges[Int(id)], isFirst: index == 0, bytes) }
            added.removeFirst()
            let text = UnsafeBufferPointer(rebasing: source[Int(range.lowerBound)..<Int(range.upperBound)])
            return trim(range, Self.edges(text), isFirst: index == 0, bytes)
        }
    }

    @inline(__always)
    private func trim(
        _ range: Range<Int32>, _ edges: Edges, isFirst: Bool, _ bytes: UnsafePointer<UInt8>
    ) -> Range<Int32> {
        var (start, end) = (Int(range.lowerBound), Int(range.upperBound))
        if edges.leading > 0, !(edges.leading == 1 && addsPrefixSpace && (isFirst || start == 0)) {
            var left = edges.leading
            while left > 0 && start < end {
                start = UTF8Scalars.decode(bytes, start).next
                left -= 1
            }
        }
        if edges.trailing > 0 { end = max(start, trimmedEnd(end, edges.trailing, bytes)) }
        return Int32(truncatingIfNeeded: start)..<Int32(truncatingIfNeeded: end)
    }

    /// So many characters before `end`; `end` itself where the text has fewer.
    private func trimmedEnd(_ end: Int, _ count: Int32, _ bytes: UnsafePointer<UInt8>) -> Int {
        var position = end
        for _ in 0..<count {
            guard position > 0 else { return end }
            position = UTF8Scalars.start(before: position, bytes)
        }
        return position
    }
}
