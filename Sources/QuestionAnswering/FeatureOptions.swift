import Tokenizers

/// What happens to a text that doesn't fit beside its question.
public enum ContextTruncation: String, Sendable, CaseIterable {
    /// Its end is cut off.
    case end
    /// Its beginning is cut off.
    case start
    /// It is read in windows that overlap; nothing is lost.
    case windows
    /// Question and text are cut at their ends, the longer one first, as `longest_first` truncation does; the
    /// tutorial's.
    case longestFirst = "longest_first"
}

/// How the tokens of an answer are found when rows are made to train on.
public enum SpanAlignment: String, Sendable, CaseIterable {
    /// By the offsets of the text's tokens: every token that the answer touches.
    case offsets
    /// As the tutorial does: the answer is replaced by as many `[MASK]` as it has tokens by itself, and they are found
    /// again in the tokens of the changed text; see `MaskAlignment`.
    case mask
}

/// How rows are made of questions and texts.
public struct FeatureOptions: Sendable, Hashable {
    /// The most tokens of a row, special tokens included; 384 if nothing was set, which `fitted` lowers for a smaller
    /// model.
    public var maxLength: Int { didSet { isMaxLengthSet = true } }
    private var isMaxLengthSet: Bool
    /// What happens to texts that are too long.
    public var truncation: ContextTruncation
    /// Tokens that two neighbouring windows of one text share; nil takes 128, or a third of `maxLength` if that is
    /// less.
    public var docStride: Int?
    /// How answers' tokens are found.
    public var alignment = SpanAlignment.offsets
    /// Leaves out examples with an answer that is cut, instead of training on what is left.
    public var dropsLostAnswers = false

    /// The tokens that two windows share, with the default filled in.
    public var overlap: Int { docStride ?? min(128, maxLength / 3) }

    /// Rows of at most `maxLength` tokens; nil takes 384, or as many as the model has positions if that is less.
    public init(maxLength: Int? = nil, truncation: ContextTruncation = .windows, docStride: Int? = nil) {
        self.maxLength = maxLength ?? 384
        isMaxLengthSet = maxLength != nil
        self.truncation = truncation
        self.docStride = docStride
    }

    /// The checked options for a model with this many positions, which limit a maximum length that was not set.
    ///
    /// - Parameter specials: the special tokens of a row, 3 for BERT.
    public func fitted(to maxPositions: Int, specials: Int = 3) throws(ReaderError) -> FeatureOptions {
        var fitted = self
        if !isMaxLengthSet, maxLength > maxPositions { fitted.maxLength = maxPositions }
        try fitted.validate(maxPositions: maxPositions, specials: specials)
        return fitted
    }

    /// The options for a model and its tokenizer, checked.
    package func fitted(to maxPositions: Int, tokenizer: Tokenizer) throws(ReaderError) -> FeatureOptions {
        if alignment == .mask, tokenizer.maskID == nil {
            throw .options(
                "`alignment` mask needs a tokenizer with a mask token, and the model's has none; use `alignment` "
                    + "offsets")
        }
        return try fitted(to: maxPositions, specials: tokenizer.template.pairCount)
    }

    /// Checks the options against each other, against the model's positions and the special tokens of a row.
    public func validate(maxPositions: Int, specials: Int = 3) throws(ReaderError) {
        let least = max(8, specials + 2)
        guard maxLength >= least else {
            throw .options("`max_length` \(maxLength) leaves no room for a question and a text; use \(least) or more")
        }
        guard maxLength <= maxPositions else {
            throw .options("`max_length` \(maxLength) is more than the model's \(maxPositions) positions")
        }
        if let docStride, truncation != .windows {
            throw .options(
                "`doc_stride` \(docStride) belongs to `truncation` windows, but `truncation` is \(truncation.rawValue)")
        }
        if overlap < 0 || overlap >= maxLength - specials {
            throw .options(
                "`doc_stride` \(overlap) must be at least 0 and below the window, `max_length` \(maxLength) less "
                    + "\(specials) special tokens; otherwise tokens would be skipped")
        }
    }

    /// Which tokens a question keeps, and which windows of its text it is asked about; no window if it leaves no room.
    ///
    /// - Parameter specials: the special tokens of a row, 3 for BERT.
    public func cut(question: Int, text: Int, specials: Int = 3) -> (question: Int, windows: [Range<Int>]) {
        if truncation == .longestFirst {
            let kept = Self.longestFirst(question, text, room: maxLength - specials)
            return (kept.question, [0..<kept.text])
        }
        let room = maxLength - specials - question
        guard room >= 1 else { return (question, []) }
        guard text > room else { return (question, [0..<text]) }
        switch truncation {
        case .end, .longestFirst: return (question, [0..<room])
        case .start: return (question, [(text - room)..<text])
        case .windows: return (question, windows(text: text, room: room))
        }
    }

    private func windows(text: Int, room: Int) -> [Range<Int>] {
        // A long question narrows the window; the step stays positive, so that every token is covered.
        let step = max(1, room - overlap)
        var result: [Range<Int>] = []
        var start = 0
        while true {
            let end = min(start + room, text)
            result.append(start..<end)
            if end == text { return result }
            start += step
        }
    }

    /// The longer one loses tokens until both have the same length, then both do.
    private static func longestFirst(_ question: Int, _ text: Int, room: Int) -> (question: Int, text: Int) {
        guard question + text > room else { return (question, text) }
        let half = room / 2
        if question <= half { return (question, room - question) }
        if text <= half { return (room - text, text) }
        return text >= question ? (half, room - half) : (room - half, half)
    }
}
