/// The pieces of a sentencepiece model with their scores: makes tokens of words.
///
/// - Source: `Unigram` of tokenizers 0.23.1 (`tokenizers/src/models/unigram/model.rs`).
final class UnigramModel: Sendable {
    private let paths: UnigramPaths
    /// The ids of the 256 pieces that stand for bytes, -1 for those that are missing; `nil`: unknown characters are not
    /// spelled with them.
    private let byteIDs: [Int32]?

    /// - Parameters:
    ///   - vocabulary: its ids are the places in `scores`.
    ///   - scores: natural logarithms of probabilities, as a rule.
    ///   - unknown: the id of what no piece spells.
    ///   - byteFallback: unknown characters become the pieces `<0x00>` to `<0xFF>` of their bytes, if all are there.
    /// - Throws: `TokenizerError` (`.vocabulary`) if a score is not finite or a piece has none.
    init(
        vocabulary: Vocabulary, scores: [Double], unknown: Int32, byteFallback: Bool
    ) throws(TokenizerError) {
        guard vocabulary.pieceEnd == scores.count, scores.indices.contains(Int(unknown)) else {
            throw TokenizerError(
                .vocabulary,
                "\(vocabulary.pieceEnd) pieces have \(scores.count) scores, and unknown text has the id \(unknown)")
        }
        guard scores.allSatisfy(\.isFinite) else {
            throw TokenizerError(.vocabulary, "the score of a piece is not a finite number")
        }
        paths = UnigramPaths(tree: vocabulary.tree, scores: scores, unknown: unknown)
        byteIDs = byteFallback ? (0..<256).map { vocabulary.pieceID(of: Self.bytePiece(UInt8($0))) ?? -1 } : nil
    }

    private static func bytePiece(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
    }

    /// Appends the tokens of one word, the normalised bytes `word`.
    func split(word: Range<Int>, of text: NormalisedText, using scratch: UnigramScratch, into sink: TokenSink) {
        let length = word.count
        guard length > 0 else { return }
        let (first, bytes) = (word.lowerBound, UnsafePointer(text.bytes) + word.lowerBound)
        sink.reserve(length)
        if length <= WordCache.longestWord {
            scratch.cache.forEachToken(bytes, length, of: self) { make in
                forEachToken(bytes, length, scratch.lattice, make)
            } _: { token in
                append(token.id, first + Int(token.start)..<first + Int(token.end), text, sink)
            }
        } else {
            forEachToken(bytes, length, scratch.lattice) { id, start, end in
                append(id, first + start..<first + end, text, sink)
            }
        }
    }

    @inline(__always)
    private func append(_ id: Int32, _ range: Range<Int>, _ text: NormalisedText, _ sink: TokenSink) {
        let source = text.source(range.lowerBound, range.upperBound)
        if id != paths.unknown { return sink.append(id, source) }
        let spelling = UnsafeBufferPointer(
            start: UnsafePointer(text.bytes) + range.lowerBound, count: range.count)
        sink.append(unknown: id, spelled: spelling, source)
    }

    /// Calls `body` with the tokens of a word: the id of each, and where in the word it begins and ends.
    private func forEachToken(
        _ bytes: UnsafePointer<UInt8>, _ length: Int, _ lattice: UnigramLattice, _ body: (Int32, Int, Int) -> Void
    ) {
        paths.forEachPiece(bytes, length, lattice) { id, start, end in
            guard id == paths.unknown else { return body(id, start, end) }
            let characters = UnsafeBufferPointer(start: bytes + start, count: end - start)
            // Together, unknown characters may be spelled like a piece that scores less than they do.
            let known = paths.tree.value(of: characters)
            if known >= 0 { return body(known, start, end) }
            if let byteIDs, characters.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                for byte in characters { body(byteIDs[Int(byte)], start, end) }
            } else {
                body(id, start, end)
            }
        }
    }
}

/// Working memory of a `UnigramSplitter`; use one from one thread at a time.
final class UnigramScratch {
    /// A text as the model sees it, with replacements for spaces.
    let words = NormalisedText()
    let lattice = UnigramLattice()
    /// The tokens of words that were split before.
    let cache = WordCache()
}
