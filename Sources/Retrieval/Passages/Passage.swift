/// A part of a document that search finds and the model reads: whole paragraphs if they are short, otherwise whole
/// sentences.
package struct Passage: Sendable, Hashable {
    /// Its place in the document, in UTF-8 bytes.
    package let bytes: Range<Int>
    /// Where it begins, in Unicode scalars.
    package let scalarStart: Int
    /// Where it begins, in UTF-16 units.
    package let utf16Start: Int

    /// A place in a document.
    package init(bytes: Range<Int>, scalarStart: Int, utf16Start: Int) {
        (self.bytes, self.scalarStart, self.utf16Start) = (bytes, scalarStart, utf16Start)
    }

    /// The most bytes of a passage: together with a question, about one window of a model that reads 384 tokens.
    package static let length = 1200

    /// Cuts a text into passages of at most `length` bytes, at the end of a paragraph, of a sentence, at white space,
    /// or, if the latter half has none of these, anywhere between scalars. White space around passages belongs to none.
    package static func split(_ text: String, length: Int = Passage.length) -> [Passage] {
        var splitter = Splitter(text, length: length)
        return splitter.passages()
    }
}

private struct Splitter {
    private let scalars: String.UnicodeScalarView
    private let length: Int
    private var position: String.UnicodeScalarView.Index
    private var (byte, scalar, utf16) = (0, 0, 0)

    init(_ text: String, length: Int) {
        scalars = text.unicodeScalars
        self.length = length
        position = scalars.startIndex
    }

    mutating func passages() -> [Passage] {
        var result: [Passage] = []
        while true {
            while position < scalars.endIndex, scalars[position].properties.isWhitespace { advance() }
            guard position < scalars.endIndex else { return result }
            let (start, scalarStart, utf16Start) = (byte, scalar, utf16)
            let end = cut()
            while position < end { advance() }
            result.append(Passage(bytes: start..<byte, scalarStart: scalarStart, utf16Start: utf16Start))
        }
    }

    private mutating func advance() {
        let next = scalars[position]
        byte += UTF8.width(next)
        utf16 += UTF16.width(next)
        scalar += 1
        position = scalars.index(after: position)
    }

    /// Where the passage that begins here ends: the best place that is not too far.
    private func cut() -> String.UnicodeScalarView.Index {
        var best: (rank: Int, end: String.UnicodeScalarView.Index)?
        var (index, used, lastWord) = (position, 0, position)
        var previous: Unicode.Scalar?
        while index < scalars.endIndex {
            let next = scalars[index]
            used += UTF8.width(next)
            if used > length { return best?.end ?? (lastWord > position ? lastWord : index) }
            let after = scalars.index(after: index)
            if next.properties.isWhitespace {
                if !(previous?.properties.isWhitespace ?? true) { lastWord = index }
                let rank = rank(of: next, after: previous)
                if used > length / 2 || rank == 3, rank >= best?.rank ?? 0 { best = (rank, lastWord) }
            } else if "。！？".unicodeScalars.contains(next), used > length / 2, (best?.rank ?? 0) <= 2 {
                best = (2, after)
            }
            previous = next
            index = after
        }
        return lastEnd()
    }

    /// 3: after a paragraph, 2: after a sentence, 1: after a word.
    private func rank(of space: Unicode.Scalar, after previous: Unicode.Scalar?) -> Int {
        if space == "\n", previous == "\n" { return 3 }
        guard let previous, ".!?…»”\"".unicodeScalars.contains(previous) || space == "\n" else { return 1 }
        return 2
    }

    /// The end of the text without the white space there.
    private func lastEnd() -> String.UnicodeScalarView.Index {
        var end = scalars.endIndex
        while end > position {
            let before = scalars.index(before: end)
            if !scalars[before].properties.isWhitespace { return end }
            end = before
        }
        return end
    }
}
