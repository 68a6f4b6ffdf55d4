/// The algorithm that makes tokens of normalised text.
///
/// Each algorithm is a struct in a folder of its own with the two functions of this enumeration. Positions in the sink
/// are those of `NormalisedText.source`: UTF-8 bytes of the text, at the boundaries of Unicode scalars.
enum Splitter: Sendable {
    case wordPiece(WordSplitter)
    case bytePair(BytePairSplitter)
    case unigram(UnigramSplitter)

    /// Appends the tokens of the normalised bytes `range`, which lie between two added tokens. The algorithm finds the
    /// words itself, in the way of the models that it is made for.
    @inline(__always)
    func split(_ text: NormalisedText, _ range: Range<Int>, into sink: TokenSink) {
        switch self {
        case .wordPiece(let splitter): splitter.split(text, range, into: sink)
        case .bytePair(let splitter): splitter.split(text, range, into: sink)
        case .unigram(let splitter): splitter.split(text, range, into: sink)
        }
    }

    /// Appends the tokens of the normalised bytes `word`, which a pre-tokenizer has cut out; it is not cut any further.
    func split(word: Range<Int>, of text: NormalisedText, into sink: TokenSink) {
        switch self {
        case .wordPiece(let splitter): splitter.split(word: word, of: text, into: sink)
        case .bytePair(let splitter): splitter.split(word: word, of: text, into: sink)
        case .unigram(let splitter): splitter.split(word: word, of: text, into: sink)
        }
    }
}
