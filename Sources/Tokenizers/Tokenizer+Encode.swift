extension Tokenizer {
    /// `[CLS] text [SEP]`.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - maxLength: the end of the text is cut so that the whole has at most so many tokens; at least 2.
    public func encode(_ text: String, maxLength: Int? = nil) -> Encoding {
        let tokens = tokenize(text)
        let kept = maxLength.map { min(tokens.count, $0 - template.singleCount) } ?? tokens.count
        precondition(kept >= 0, "maxLength must leave room for the special tokens around a text")
        var encoding = Encoding(reserving: kept + template.singleCount)
        encoding.append(template.singleHead)
        encoding.append(tokens, keeping: kept, type: template.singleType, sequence: 0)
        encoding.append(template.singleTail)
        return encoding
    }

    /// `[CLS] first [SEP] second [SEP]`.
    ///
    /// - Parameters:
    ///   - first: the first text of the pair.
    ///   - second: the second text of the pair.
    ///   - maxLength: the texts are cut so that the whole has at most so many tokens.
    ///   - truncation: which text is cut.
    /// - Throws: `TokenizerError` (`.truncation`) if the texts cannot be cut so.
    public func encode(
        _ first: String, _ second: String, maxLength: Int? = nil, truncation: Truncation = .onlySecond
    ) throws(TokenizerError) -> Encoding {
        let scratch = TokenizerScratch()
        return try pair(
            tokenize(first, scratch: scratch), tokenize(second, scratch: scratch), maxLength: maxLength,
            truncation: truncation)
    }

    /// `[CLS] first [SEP] second [SEP]` from texts tokenised before: a context is tokenised once for all its questions.
    ///
    /// - Throws: `TokenizerError` (`.truncation`) if the texts cannot be cut so.
    public func pair(
        _ first: TokenizedText, _ second: TokenizedText, maxLength: Int? = nil, truncation: Truncation = .onlySecond
    ) throws(TokenizerError) -> Encoding {
        var kept = (first: first.count, second: second.count)
        if let maxLength {
            let room = maxLength - template.pairCount
            guard room >= 0 else {
                throw TokenizerError(
                    .truncation,
                    "a maximum length of \(maxLength) has no room for the \(template.pairCount) special tokens of a "
                        + "pair"
                )
            }
            kept = try truncation.kept(
                counted(first, limit: maxLength), counted(second, limit: maxLength), room: room)
        }
        var encoding = Encoding(reserving: kept.first + kept.second + template.pairCount)
        encoding.append(template.head)
        encoding.append(first, keeping: kept.first, type: template.firstType, sequence: 0)
        encoding.append(template.middle)
        encoding.append(second, keeping: kept.second, type: template.secondType, sequence: 1)
        encoding.append(template.tail)
        return encoding
    }
}
