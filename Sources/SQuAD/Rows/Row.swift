import StrictJSON

/// A question with its text: what a line of a flat file holds.
struct Row {
    var title: String
    var context: String
    var question: Question

    /// Whether both ask about the same text, byte for byte.
    func isAbout(_ other: Row) -> Bool {
        context.utf8.elementsEqual(other.context.utf8) && title.utf8.elementsEqual(other.title.utf8)
    }
}

/// What keeps fields from being a row.
struct RowError: Error {
    let message: String
}

/// The fields of a row as a file gives them.
struct RowFields {
    var id: String?
    var title: String?
    var context: String?
    var question: String?
    /// Answers in any of the forms that `allAnswers()` takes.
    var answers: JSONValue = .null
    /// The offset, or offsets, of answers that come without.
    var answerStart: JSONValue = .null
    var isImpossible: Bool?

    static let shape =
        "a row has \"context\" and \"question\", for training \"answers\": {\"text\": [...], \"answer_start\": [...]} or "
        + "\"answer\" and \"answer_start\" too, and may have \"id\" and \"title\""

    /// The row. Without an id its number, counted from 1, is the id. Answers without an offset get -1, which `problems()` tells of.
    func row(number: Int) throws(RowError) -> Row {
        let name = "row \(number)" + (id.map { " (\($0))" } ?? "")
        guard let context else { throw RowError(message: "\(name) has no \"context\"; \(Self.shape)") }
        guard let question else { throw RowError(message: "\(name) has no \"question\"; \(Self.shape)") }
        do {
            let answers = try allAnswers()
            // Rows of SQuAD 2.0 in the datasets library say by an empty list that there is no answer.
            let isImpossible = isImpossible ?? (answers?.isEmpty == true ? true : nil)
            return Row(
                title: title ?? "", context: context,
                question: Question(
                    id: QuestionID(id ?? "\(number)"), question: question, answers: answers ?? [],
                    isImpossible: isImpossible, plausibleAnswers: []))
        } catch {
            throw RowError(message: "\(name): \(error.message)")
        }
    }

    /// The answers; nil where nothing is said of them.
    private func allAnswers() throws(RowError) -> [Answer]? {
        switch answers {
        case .null: return nil
        case .object: return try Self.answers(in: answers)
        case .array(let elements) where elements.contains { $0.object != nil }:
            var answers: [Answer] = []
            for element in elements { answers += try Self.answers(in: element) }
            return answers
        default: return try Self.pair(texts: answers, starts: answerStart)
        }
    }

    /// The answers of an object: one, as SQuAD has it, or a list of texts and one of offsets, as in the datasets library.
    private static func answers(in value: JSONValue) throws(RowError) -> [Answer] {
        guard let texts = value["text"] else { throw RowError(message: "\"answers\" has no \"text\"") }
        return try pair(texts: texts, starts: value["answer_start"] ?? .null)
    }

    private static func pair(texts: JSONValue, starts: JSONValue) throws(RowError) -> [Answer] {
        var strings: [String] = []
        for value in list(texts) {
            guard let string = value.string else { throw RowError(message: "an answer's text must be a string") }
            strings.append(string)
        }
        var offsets: [Int] = []
        for value in list(starts) { offsets.append(try offset(value)) }
        if starts == .null { offsets = strings.map { _ in Answer.unknownStart } }
        guard strings.count == offsets.count else {
            throw RowError(message: "there are \(strings.count) texts of answers, and \(offsets.count) answer_start")
        }
        return zip(strings, offsets).map(Answer.init)
    }

    private static func list(_ value: JSONValue) -> [JSONValue] {
        value == .null ? [] : value.array ?? [value]
    }

    private static func offset(_ value: JSONValue) throws(RowError) -> Int {
        if value == .null { return Answer.unknownStart }
        // Columns with gaps become floating-point numbers in many a tool.
        guard let number = value.int ?? value.double.flatMap(Int.init(exactly:)) else {
            throw RowError(message: "answer_start must be a whole number")
        }
        return number
    }
}

extension Answer {
    /// The offset of an answer that a row gives without one.
    static let unknownStart = -1
}
