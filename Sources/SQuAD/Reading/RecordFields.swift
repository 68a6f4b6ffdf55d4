import StrictJSON

/// Why fields do not make a record of a dataset.
struct RecordError: Error {
    let message: String
}

/// The fields of a row, a question, a paragraph or an article as a file has them.
struct RecordFields {
    private var values: [RecordField: (rank: Int, value: JSONValue)] = [:]

    /// Whether there is no field that is read.
    var isEmpty: Bool { values.isEmpty }

    /// Adds a field.
    ///
    /// - Throws: `RecordError` if there is one of the same name, capitals aside.
    mutating func add(_ field: RecordField, rank: Int, _ value: JSONValue, name: String) throws(RecordError) {
        if let old = values[field], !old.value.isAbsent {
            if value.isAbsent || rank > old.rank { return }
            guard rank < old.rank else {
                throw RecordError(message: "\"\(name)\" is the second field of its kind; remove or rename one")
            }
        }
        values[field] = (rank, value)
    }

    private subscript(field: RecordField) -> JSONValue? {
        guard let value = values[field]?.value, value != .null else { return nil }
        return value
    }

    /// Whether there is a field that says something.
    func has(_ field: RecordField) -> Bool { self[field] != nil }

    /// Whether some of it belongs to a row and to nothing else.
    var isRow: Bool { has(.context) || has(.question) || has(.text) || has(.answers) || has(.answer) }

    /// A text; of ids and titles a number is one too.
    private func string(_ field: RecordField, _ name: String, orNumber: Bool) throws(RecordError) -> String? {
        guard let value = self[field] else { return nil }
        if let string = value.string { return string }
        guard orNumber, case .number(let number) = value else {
            throw RecordError(message: "\"\(name)\" must be a string")
        }
        return number.digits
    }

    /// The id; nil if it is missing or empty.
    func id() throws(RecordError) -> String? {
        let id = try string(.id, "id", orNumber: true)
        return id?.isEmpty == true ? nil : id
    }

    /// The title; empty if it is missing.
    func title() throws(RecordError) -> String { try string(.title, "title", orNumber: true) ?? "" }

    /// The context; a field `text` is one if there is no other.
    func context() throws(RecordError) -> String? {
        if let context = try string(.context, "context", orNumber: false) { return context }
        return try string(.text, "text", orNumber: false)
    }

    /// The question's text.
    func question() throws(RecordError) -> String? { try string(.question, "question", orNumber: false) }

    /// The question with its answers.
    ///
    /// - Parameter id: what names it.
    func question(id: String, text: String) throws(RecordError) -> Question {
        let forms = try answers()
        let plausible = try AnswerForms.read(self[.plausibleAnswers], starts: .null)?.spans ?? []
        var spans = forms?.spans ?? []
        var impossible = try isImpossible()
        if impossible == true { spans.removeAll { $0.text.isBlank } }
        if impossible == nil, spans.isEmpty, forms?.saysNone == true || !plausible.isEmpty { impossible = true }
        return Question(
            id: QuestionID(id), question: text, answers: spans, isImpossible: impossible, plausibleAnswers: plausible)
    }

    /// The answers; nil if nothing is said of them.
    private func answers() throws(RecordError) -> AnswerForms? {
        let starts = self[.answerStart] ?? .null
        if let detected = try AnswerForms.read(self[.detectedAnswers], starts: .null), !detected.spans.isEmpty {
            return detected
        }
        if let value = self[.answers] { return try AnswerForms.read(value, starts: starts, isLiteral: true) }
        if let value = self[.answer] { return try AnswerForms.read(value, starts: starts) }
        if let value = self[.answersText] {
            return try AnswerForms.read(value, starts: self[.answersStart] ?? starts, isLiteral: true)
        }
        if has(.context), let value = self[.text] { return try AnswerForms.read(value, starts: starts) }
        if let value = self[.annotations] { return try AnswerForms.readAnnotations(value) }
        return try AnswerForms.read(nil, starts: starts)
    }

    /// Whether the file says that there is no answer, as a truth value, a number or a word.
    private func isImpossible() throws(RecordError) -> Bool? {
        guard let value = self[.isImpossible] else { return nil }
        if let bool = value.bool { return bool }
        let word = value.string?.trimmedASCII.lowercased() ?? value.double.map { $0 == 1 ? "1" : $0 == 0 ? "0" : "?" }
        switch word {
        case "", "nan", "none", "null": return nil
        case "true", "1", "1.0", "yes", "t", "y": return true
        case "false", "0", "0.0", "no", "f", "n": return false
        default:
            throw RecordError(message: "\"is_impossible\" must be true or false, not \(value.serialized())")
        }
    }
}

extension JSONValue {
    /// Whether it says nothing.
    fileprivate var isAbsent: Bool { self == .null || string?.isEmpty == true }
}

extension JSONNumber {
    /// The digits of a number that stands where a text is expected.
    var digits: String { int.map(String.init) ?? String(double) }
}

extension String {
    /// Whether there is nothing but white space.
    var isBlank: Bool { unicodeScalars.allSatisfy(\.properties.isWhitespace) }

    /// The text without spaces, tabs and line ends at both ends.
    var trimmedASCII: String {
        let spaces: Set<Unicode.Scalar> = [" ", "\t", "\n", "\r"]
        let start = unicodeScalars.drop { spaces.contains($0) }
        return String(String.UnicodeScalarView(start.reversed().drop { spaces.contains($0) }.reversed()))
    }
}
