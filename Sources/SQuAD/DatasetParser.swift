import StrictJSON

/// Walks through a SQuAD document once, a paragraph at a time, and skips what is not needed.
struct DatasetParser: PieceSource {
    /// Where the walk stands: before the document, behind it, or inside one of its objects and lists, of which `first` says
    /// whether nothing was taken yet.
    private enum Place {
        case start
        case document(first: Bool)
        case articles(first: Bool)
        case article(first: Bool)
        case paragraphs(first: Bool)
        case end
    }

    let path: String
    private var reader: JSONReader
    /// What the document says of its version so far.
    private(set) var version: String?
    private var place = Place.start
    private var hasData = false
    private var hasParagraphs = false
    private var title = ""
    /// Where the walk is, for messages: article and paragraph by number, the question by id.
    private var article = 0
    private var paragraph = 0
    private var question = 0

    private static let shape =
        "a SQuAD file is an object {\"data\": [{\"title\", \"paragraphs\": [{\"context\", \"qas\": [...]}]}]}"

    private static let formats =
        "a dataset is SQuAD's document, rows as JSON, or a table (commas, tabs or semicolons) whose first line names \"context\" and "
        + "\"question\", in UTF-8"

    init(path: String, reader: JSONReader) {
        self.path = path
        self.reader = reader
    }

    var byteOffset: Int { reader.byteOffset }

    /// What comes next: the paragraphs of an article, then the article; nil at the end of the document.
    mutating func next() throws(DatasetError) -> DatasetPiece? {
        do {
            while true {
                switch place {
                case .start: try begin()
                case .document(let first):
                    if try !documentMember(first: first) { place = .end }
                case .end: return nil
                case .articles(let first): try nextArticle(first: first)
                case .article(let first):
                    if try !articleMember(first: first) { return .article(title: title) }
                case .paragraphs(let first):
                    if try reader.nextElement(first: first) {
                        place = .paragraphs(first: false)
                        return .paragraph(try nextParagraph())
                    }
                    place = .article(first: false)
                }
            }
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    private mutating func begin() throws(JSONError) {
        let kind: JSONReader.Kind
        do {
            kind = try reader.peek()
        } catch {
            guard !reader.isAtEnd() else { throw error }
            throw reader.error("\(error.message); \(Self.formats)")
        }
        guard kind == .object else {
            throw reader.error("\(Self.shape); this file is a single value")
        }
        try reader.beginObject()
        place = .document(first: true)
    }

    /// Takes a member of the document; false at its end.
    private mutating func documentMember(first: Bool) throws(JSONError) -> Bool {
        guard let key = try reader.nextKey(first: first) else {
            try end()
            guard hasData else { throw reader.error("there is no \"data\"; \(Self.shape)") }
            return false
        }
        place = .document(first: false)
        switch key {
        case "data":
            try beginList(key, again: hasData)
            hasData = true
            place = .articles(first: true)
        case "version": version = try text(or: .number)
        default: try reader.skipValue()
        }
        return true
    }

    private mutating func nextArticle(first: Bool) throws(JSONError) {
        guard try reader.nextElement(first: first) else {
            place = .document(first: false)
            return
        }
        article += 1
        paragraph = 0
        question = 0
        (title, hasParagraphs) = ("", false)
        try reader.beginObject()
        place = .article(first: true)
    }

    /// Takes a member of an article; false at its end.
    private mutating func articleMember(first: Bool) throws(JSONError) -> Bool {
        guard let key = try reader.nextKey(first: first) else {
            guard hasParagraphs else { throw missing("paragraphs") }
            place = .articles(first: false)
            return false
        }
        place = .article(first: false)
        switch key {
        case "title": title = try reader.string()
        case "paragraphs":
            try beginList(key, again: hasParagraphs)
            hasParagraphs = true
            place = .paragraphs(first: true)
        default: try reader.skipValue()
        }
        return true
    }

    /// What was handed out cannot be taken back, so a list that stands twice is an error.
    private mutating func beginList(_ name: String, again: Bool) throws(JSONError) {
        guard !again else { throw reader.error("\"\(name)\" stands here for the second time") }
        guard try reader.peek() == .array else { throw reader.error("\"\(name)\" must be a list") }
        try reader.beginArray()
    }

    /// What follows the document is often the next line of a JSON-lines file of documents, which deserves saying so.
    private mutating func end() throws(JSONError) {
        do {
            try reader.end()
        } catch {
            throw reader.error("\(error.message); if this is JSON lines, put the articles into one SQuAD object")
        }
    }

    private mutating func nextParagraph() throws(JSONError) -> Paragraph {
        paragraph += 1
        question = 0
        var context: String?
        var questions: [Question]?
        try object { parser, key throws(JSONError) in
            switch key {
            case "context": context = try parser.reader.string()
            case "qas": questions = try parser.list("qas") { parser throws(JSONError) in try parser.nextQuestion() }
            default: try parser.reader.skipValue()
            }
        }
        // What is missing now is missing from the paragraph, not from its last question.
        question = 0
        guard let context else { throw missing("context") }
        guard let questions else { throw missing("qas") }
        return Paragraph(context: context, questions: questions)
    }

    private mutating func nextQuestion() throws(JSONError) -> Question {
        question += 1
        var id: QuestionID?
        var text: String?
        var answers: [Answer]?
        var plausible: [Answer] = []
        var isImpossible: Bool?
        try object { parser, key throws(JSONError) in
            switch key {
            case "id": id = QuestionID(try parser.text(or: .number))
            case "question": text = try parser.reader.string()
            case "answers": answers = try parser.list("answers") { parser throws(JSONError) in try parser.nextAnswer() }
            case "plausible_answers":
                plausible = try parser.list(key) { parser throws(JSONError) in try parser.nextAnswer() }
            case "is_impossible": isImpossible = try parser.reader.bool()
            default: try parser.reader.skipValue()
            }
        }
        guard let id else { throw missing("id") }
        guard let text else { throw missing("question", question: id) }
        guard let answers else { throw missing("answers", question: id) }
        return Question(
            id: id, question: text, answers: answers, isImpossible: isImpossible, plausibleAnswers: plausible)
    }

    private mutating func nextAnswer() throws(JSONError) -> Answer {
        var text: String?
        var start: Int?
        try object { parser, key throws(JSONError) in
            switch key {
            case "text": text = try parser.reader.string()
            case "answer_start":
                let place = parser.reader
                guard let number = try parser.reader.number().int else {
                    throw place.error("answer_start must be a whole number")
                }
                start = number
            default: try parser.reader.skipValue()
            }
        }
        guard let text else { throw missing("text") }
        guard let start else { throw missing("answer_start") }
        return Answer(text: text, start: start)
    }

    // MARK: Pieces

    private func missing(_ field: String, question id: QuestionID? = nil) -> JSONError {
        var place = "article \(article)"
        if paragraph > 0 { place += ", paragraph \(paragraph)" }
        if let id { place += ", question \(id)" } else if question > 0 { place += ", question \(question)" }
        return reader.error("\(place) has no \"\(field)\"; \(DatasetParser.shape)")
    }

    /// Some files have numbers where SQuAD has strings (ids, the version).
    private mutating func text(or other: JSONReader.Kind) throws(JSONError) -> String {
        if try reader.peek() == other {
            let number = try reader.number()
            return number.int.map(String.init) ?? String(number.double)
        }
        return try reader.string()
    }

    private mutating func object(
        _ member: (inout DatasetParser, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            try member(&self, key)
        }
    }

    private mutating func list<Element>(
        _ name: String, _ element: (inout DatasetParser) throws(JSONError) -> Element
    ) throws(JSONError) -> [Element] {
        guard try reader.peek() == .array else { throw reader.error("\"\(name)\" must be a list") }
        try reader.beginArray()
        var result: [Element] = []
        while try reader.nextElement(first: result.isEmpty) { result.append(try element(&self)) }
        return result
    }
}
