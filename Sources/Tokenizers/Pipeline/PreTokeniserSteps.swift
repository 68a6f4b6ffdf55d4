/// One pre-tokenizer of a sequence, as a `tokenizer.json` lists them.
protocol PreTokeniserStep: Sendable {
    /// Cuts the words that are there further, or writes them anew.
    func apply(to list: WordList)
}

/// A step that cuts at what a pattern finds: `Split`, `Punctuation`, `Digits`, `WhitespaceSplit`, `Whitespace`.
struct CuttingStep: PreTokeniserStep {
    /// What it cuts at.
    enum Delimiter: Sendable {
        case pattern(TextPattern)
        case whiteSpace
        case punctuation
        case numbers
        /// The runs of `\w` and those of neither `\w` nor `\s`.
        case words
        /// The same, with the classes of `Whitespace`, which are not those of other regular expressions.
        case whitespaceWords
    }

    let delimiter: Delimiter
    let behaviour: SplitBehaviour
    var inverted = false

    func apply(to list: WordList) {
        let (table, classes) = (UnicodeTable.shared, NormalisationTable.shared)
        list.cut(behaviour, inverted: inverted) { bytes, word, body in
            switch delimiter {
            case .pattern(let pattern): pattern.forEachMatch(bytes, word, body)
            case .whiteSpace: forEachScalar(bytes, word, body) { table.traits($0).contains(.white) }
            case .punctuation: forEachScalar(bytes, word, body) { table.traits($0).contains(.punctuation) }
            case .numbers: forEachScalar(bytes, word, body) { classes.isNumber($0) }
            case .words: forEachRun(bytes, word, body) { classes.isWord($0) ? 1 : classes.isSpace($0) ? nil : 0 }
            case .whitespaceWords: forEachRun(bytes, word, body) { classes.whitespaceKind($0) }
            }
        }
    }

    private func forEachScalar(
        _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void, _ isMatch: (UInt32) -> Bool
    ) {
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, next) = UTF8Scalars.decode(bytes, position)
            if isMatch(scalar) { body(position..<next) }
            position = next
        }
    }

    private func forEachRun(
        _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void, _ kind: (UInt32) -> Int?
    ) {
        var (start, position) = (range.lowerBound, range.lowerBound)
        var current: Int?
        while position < range.upperBound {
            let (scalar, next) = UTF8Scalars.decode(bytes, position)
            let own = kind(scalar)
            if own != current {
                if current != nil { body(start..<position) }
                (start, current) = (position, own)
            }
            position = next
        }
        if current != nil { body(start..<position) }
    }
}

/// `Metaspace` among other steps: spaces become `▁`, one more is put before the words, and each begins a word.
struct MetaspaceStep: PreTokeniserStep {
    let metaspace: Metaspace

    init(_ settings: MetaspaceSettings) { metaspace = Metaspace(settings) }

    func apply(to list: WordList) {
        list.rewrite { text, word, output in metaspace.rewrite(text, word, into: output) }
        guard metaspace.settings.splitsWords else { return }
        let mark = TextPattern.literal(Array(String(metaspace.settings.replacement).utf8))
        CuttingStep(delimiter: .pattern(mark), behaviour: .mergedWithNext).apply(to: list)
    }
}

/// `ByteLevel` among other steps: a space is put before the words, and they are cut as GPT-2 cuts them. The algorithm
/// itself spells bytes.
struct ByteLevelStep: PreTokeniserStep {
    let settings: ByteLevelSettings

    func apply(to list: WordList) {
        if settings.addsPrefixSpace { list.rewrite(Self.putSpace) }
        if settings.splitsWords { GPT2Step(behaviour: .isolated, inverted: false).apply(to: list) }
    }

    private static func putSpace(_ text: NormalisedText, _ word: Range<Int>, _ output: NormalisedText) {
        if !word.isEmpty && text.bytes[word.lowerBound] != 0x20 {
            let next = UTF8Scalars.decode(UnsafePointer(text.bytes), word.lowerBound).next
            output.append([0x20], from: text.source(word.lowerBound, next))
        }
        output.append(text, word)
    }
}

/// `Split` with GPT-2's regular expression.
struct GPT2Step: PreTokeniserStep {
    static let expression =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    let behaviour: SplitBehaviour
    let inverted: Bool
    private let pattern = WordPattern()

    init(behaviour: SplitBehaviour, inverted: Bool) { (self.behaviour, self.inverted) = (behaviour, inverted) }

    func apply(to list: WordList) {
        list.cut(behaviour, inverted: inverted) { bytes, word, body in
            pattern.forEachWord(bytes, word.lowerBound, word.upperBound) { body($0..<$1) }
        }
    }
}
