/// The words that pre-tokenizers cut a part of a text into, one step after the other.
final class WordList {
    private(set) var text = NormalisedText()
    private(set) var words: [Range<Int>] = []
    private var spareText = NormalisedText()
    private var spareWords: [Range<Int>] = []
    /// Begins with one word: the bytes `range` of a text.
    func begin(_ source: NormalisedText, _ range: Range<Int>) {
        text.reset(base: Int(source.base), reserving: range.count)
        text.append(source, range)
        words.removeAll(keepingCapacity: true)
        words.append(0..<text.count)
    }

    /// Cuts each word where `pattern` finds something.
    ///
    /// - Parameters:
    ///   - behaviour: what becomes of what it finds.
    ///   - inverted: what lies between counts as found.
    ///   - forEachMatch: calls its last argument with each place that the pattern finds, from left to right.
    func cut(
        _ behaviour: SplitBehaviour, inverted: Bool = false,
        _ forEachMatch: (UnsafePointer<UInt8>, Range<Int>, (Range<Int>) -> Void) -> Void
    ) {
        spareWords.removeAll(keepingCapacity: true)
        for word in words {
            var cutter = WordCutter(behaviour)
            var done = word.lowerBound
            forEachMatch(UnsafePointer(text.bytes), word) { match in
                if done < match.lowerBound { cutter.add(done..<match.lowerBound, isMatch: inverted, &spareWords) }
                cutter.add(match, isMatch: !inverted, &spareWords)
                done = match.upperBound
            }
            if done < word.upperBound { cutter.add(done..<word.upperBound, isMatch: inverted, &spareWords) }
            cutter.end(&spareWords)
        }
        swap(&words, &spareWords)
    }

    /// Writes each word anew: `body` appends what it becomes to its last argument.
    func rewrite(_ body: (NormalisedText, Range<Int>, NormalisedText) -> Void) {
        spareText.reset(base: Int(text.base), reserving: text.count + 16)
        spareText.leaveIdentity()
        for index in words.indices {
            let start = spareText.count
            body(text, words[index], spareText)
            words[index] = start..<spareText.count
        }
        swap(&text, &spareText)
    }
}

/// What becomes of the places that a pattern finds in a text that it cuts.
enum SplitBehaviour: String, Sendable {
    /// They are dropped.
    case removed = "Removed"
    /// Each is a word.
    case isolated = "Isolated"
    /// Each is the end of the word before it.
    case mergedWithPrevious = "MergedWithPrevious"
    /// Each is the beginning of the word behind it.
    case mergedWithNext = "MergedWithNext"
    /// Those that follow one another are one word.
    case contiguous = "Contiguous"
}

/// Makes words of the places that a pattern finds in one text, and of what lies between them.
///
/// - Source: `NormalizedString::split` of tokenizers 0.23.1.
private struct WordCutter {
    private let behaviour: SplitBehaviour
    /// The word that may still grow.
    private var open: Range<Int>?
    private var openIsMatch = false

    init(_ behaviour: SplitBehaviour) { self.behaviour = behaviour }

    mutating func add(_ part: Range<Int>, isMatch: Bool, _ words: inout [Range<Int>]) {
        switch behaviour {
        case .removed: if !isMatch { words.append(part) }
        case .isolated: words.append(part)
        case .contiguous: grow(part, isMatch, joins: isMatch == openIsMatch, &words)
        // A match joins the word before it unless that is a match as well.
        case .mergedWithPrevious: grow(part, isMatch, joins: isMatch && !openIsMatch, &words)
        // A match stays open for the text behind it; of several in a row only the last one.
        case .mergedWithNext: grow(part, isMatch, joins: openIsMatch && !isMatch, &words)
        }
    }

    private mutating func grow(_ part: Range<Int>, _ isMatch: Bool, joins: Bool, _ words: inout [Range<Int>]) {
        if let word = open, joins {
            open = word.lowerBound..<part.upperBound
        } else {
            end(&words)
            open = part
        }
        openIsMatch = isMatch
    }

    mutating func end(_ words: inout [Range<Int>]) {
        if let open { words.append(open) }
        open = nil
    }
}
