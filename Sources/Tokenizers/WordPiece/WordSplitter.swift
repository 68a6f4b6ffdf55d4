/// Splits normalised text into words at white space and around punctuation, and words into WordPiece pieces.
struct WordSplitter: Sendable {
    private enum ByteClass {
        static let letter: UInt8 = 0
        static let white: UInt8 = 1
        static let punctuation: UInt8 = 2
        static let other: UInt8 = 3
    }

    private let trie: ByteTrie
    private let words: WordTable
    private let continuation: Int
    private let unknown: Int32
    /// Longer words are unknown.
    let maximumScalars: Int
    /// What pieces inside a word begin with in the vocabulary.
    let prefix: String
    private let classes: [UInt8]
    private let table = UnicodeTable.shared

    /// - Parameters:
    ///   - continuation: what pieces inside a word begin with in the vocabulary, `##`.
    ///   - unknown: the id of words that cannot be split.
    ///   - maximumScalars: longer words are unknown.
    init(vocabulary: Vocabulary, continuation: String, unknown: Int32, maximumScalars: Int) {
        trie = vocabulary.trie
        words = vocabulary.wordTable(without: continuation)
        prefix = continuation
        self.continuation = trie.node(continuation.utf8)
        self.unknown = unknown
        self.maximumScalars = maximumScalars
        var classes = [UInt8](repeating: ByteClass.other, count: 256)
        for byte in 0..<0x80 {
            let traits = table.traits(UInt32(byte))
            classes[byte] =
                traits.contains(.white)
                ? ByteClass.white : traits.contains(.punctuation) ? ByteClass.punctuation : ByteClass.letter
        }
        self.classes = classes
    }

    /// Appends the tokens of the normalised bytes `range`.
    func split(_ text: NormalisedText, _ range: Range<Int>, into sink: TokenSink) {
        sink.reserve(range.count)
        let bytes = UnsafePointer(text.bytes)
        classes.withUnsafeBufferPointer { classes in
            var position = range.lowerBound
            while position < range.upperBound {
                let start = position
                var kind = classes[Int(bytes[position])]
                while true {
                    var next = position + 1
                    if kind == ByteClass.other { (kind, next) = classify(bytes, position) }
                    if kind != ByteClass.letter {
                        if position > start { appendWord(text, start, position, sink) }
                        if kind == ByteClass.punctuation { appendWord(text, position, next, sink) }
                        position = next
                        break
                    }
                    position = next
                    if position == range.upperBound {
                        appendWord(text, start, position, sink)
                        break
                    }
                    kind = classes[Int(bytes[position])]
                }
            }
        }
    }

    /// Appends the tokens of one word.
    func split(word: Range<Int>, of text: NormalisedText, into sink: TokenSink) {
        sink.reserve(word.count)
        if !word.isEmpty { appendWord(text, word.lowerBound, word.upperBound, sink) }
    }

    private func classify(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> (kind: UInt8, next: Int) {
        let (scalar, next) = UTF8Scalars.decode(bytes, position)
        let traits = table.traits(scalar)
        if traits.contains(.white) { return (ByteClass.white, next) }
        return (traits.contains(.punctuation) ? ByteClass.punctuation : ByteClass.letter, next)
    }

    @inline(__always)
    private func appendWord(_ text: NormalisedText, _ start: Int, _ end: Int, _ sink: TokenSink) {
        let length = end - start
        if length <= WordTable.longest && length <= maximumScalars {
            let id = words.id(UnsafePointer(text.bytes) + start, length)
            if id >= 0 { return sink.append(id, text.source(start, end)) }
        }
        appendPieces(text, start, end, sink)
    }

    /// Appends the pieces of one word: always the longest that fits, the whole word unknown if one is missing.
    private func appendPieces(_ text: NormalisedText, _ start: Int, _ end: Int, _ sink: TokenSink) {
        let bytes = UnsafePointer(text.bytes) + start
        let length = end - start
        let before = sink.count
        var position = 0
        var node = ByteTrie.root
        if length <= maximumScalars || UTF8Scalars.count(bytes, length) <= maximumScalars {
            while position < length && node >= 0 {
                let match = trie.longestMatch(bytes + position, length - position, from: node)
                if match.value < 0 { break }
                sink.append(match.value, text.source(start + position, start + position + match.length))
                position += match.length
                node = continuation
            }
        }
        if position < length {
            sink.truncate(to: before)
            sink.append(unknown, text.source(start, end))
        }
    }
}
