/// What happens to a text before it is cut into words: nothing, what BERT does, or a sequence of steps.
enum TextNormaliser: Sendable {
    case bert(NormaliserEngine)
    /// In this order; none leaves the text as it is.
    case steps([any NormaliserStep])

    /// The normalised source bytes `range`, in the memory of `scratch`; positions count from the beginning of `source`.
    @inline(__always)
    func normalise(
        _ source: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, using scratch: TokenizerScratch
    ) -> NormalisedText {
        switch self {
        case .bert(let engine):
            engine.normalise(source, range, into: scratch.text)
            return scratch.text
        case .steps(let steps):
            scratch.text.copy(source, range)
            for step in steps { scratch.apply(step) }
            return scratch.text
        }
    }

    /// The settings of BERT's normaliser, if it is that.
    var bertSettings: Normaliser? { if case .bert(let engine) = self { engine.settings } else { nil } }

    /// The normalised text; `scratch` keeps the memory of one call for the next.
    func normalise(_ text: String, using scratch: TokenizerScratch) -> String {
        var text = text
        return text.withUTF8 { bytes in
            let result = normalise(bytes, 0..<bytes.count, using: scratch)
            return String(decoding: UnsafeBufferPointer(start: result.bytes, count: result.count), as: UTF8.self)
        }
    }
}

/// One step of a sequence of normalisers, as a `tokenizer.json` lists them.
protocol NormaliserStep: Sendable {
    /// Writes `input` with the changes of this step into `output`, which is emptied first.
    ///
    /// - Returns: `false` if nothing changes; what is in `output` does not count then.
    func apply(_ input: NormalisedText, into output: NormalisedText) -> Bool
}

/// Working memory of `Tokenizer.tokenize`; use one from one thread at a time.
package final class TokenizerScratch {
    private(set) var text = NormalisedText()
    // BERT's tokenizer needs neither.
    private lazy var spare = NormalisedText()
    private(set) lazy var words = WordList()
    let sink = TokenSink()

    /// Makes an empty one.
    package init() {}

    /// Changes `text` by a step.
    func apply(_ step: some NormaliserStep) {
        if step.apply(text, into: spare) { swap(&text, &spare) }
    }
}
