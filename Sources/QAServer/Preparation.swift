import QuestionAnswering

/// Turns the texts and questions of one request into rows for the model, within the limits of a request.
struct Preparation {
    let reader: Reader
    let limits: ServerLimits
    let reservation: Reservation
    private var rows = 0
    private var tokens = 0

    init(_ reader: Reader, limits: ServerLimits, reservation: Reservation) {
        self.reader = reader
        self.limits = limits
        self.reservation = reservation
    }

    /// Tokenises a text.
    ///
    /// - Parameters:
    ///   - path: the text's place in the request, as in `pairs[3].`.
    ///   - field: its name there.
    /// - Throws: `APIError` with status 400 for a blank text, 429 if requests hold too much memory.
    func text(_ text: String, path: String = "", field: String = "context") throws(APIError) -> PreparedText {
        let prepared: PreparedText
        do {
            prepared = try reader.prepare(text)
        } catch {
            guard error.kind == .emptyText else { throw APIError(error, path: path) }
            throw .empty(path + field, "\(path)\(field) is empty; there is nothing to read")
        }
        try reservation.add(prepared.byteCount)
        return prepared
    }

    /// Cuts a question about a text into rows.
    ///
    /// - Throws: `APIError` with status 400 for a blank question; 422 for one that is too long, or if the request takes
    ///   too many rows or tokens.
    mutating func question(
        _ question: String, about text: PreparedText, options: AnswerOptions, path: String = ""
    ) throws(APIError) -> PreparedQuestion {
        let ids = try checkedTokens(of: question, path: path)
        do {
            let cost = try reader.cost(questionTokens: ids, text: text, options: options)
            (rows, tokens) = (rows + cost.rows, tokens + cost.tokens)
        } catch {
            throw APIError(error, path: path)
        }
        try check(rows, limits.requestRows, "rows (windows of the text)")
        try check(tokens, limits.requestTokens, "tokens")
        do { return try reader.prepare(question, about: text, options: options) } catch {
            throw APIError(error, path: path)
        }
    }

    /// Checks a question's length in bytes before anything else looks at it, then that it has words.
    ///
    /// - Returns: the number of its tokens.
    @discardableResult
    func checkedTokens(of question: String, path: String = "") throws(APIError) -> Int {
        let bytes = question.utf8.count
        guard bytes <= limits.questionBytes else {
            throw .invalid(
                path + "question",
                "\(path)question has \(bytes) bytes; a question may have \(limits.questionBytes)")
        }
        let count = reader.tokenizer.tokenize(question).count
        guard count > 0 else { throw APIError(.emptyQuestion, path: path) }
        return count
    }

    private func check(_ count: Int, _ limit: Int, _ what: String) throws(APIError) {
        guard count > limit else { return }
        throw .invalid(
            nil,
            "the request takes \(count) \(what); one request may take \(limit): send less text, or windows that "
                + "overlap less"
        )
    }
}
