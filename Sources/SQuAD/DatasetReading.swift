import StrictJSON

/// A dataset file that cannot be used at all.
public struct DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file as the caller named it.
    public let path: String
    /// What is wrong, where, and what to do.
    public let message: String
    /// Whether the file is not there (rather than wrong).
    public let isMissing: Bool

    /// An error in a file.
    public init(path: String, message: String, isMissing: Bool = false) {
        self.path = path
        self.message = message
        self.isMissing = isMissing
    }

    /// One line for the user.
    public var description: String { "\(path): \(message)" }
}

extension Dataset {
    /// Reads a SQuAD file, of which only the questions are kept in memory.
    ///
    /// What is wrong with single questions is not an error here: `problems()` lists it.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read, is not JSON, has another shape, lacks a field or has no
    ///   questions, with line and column.
    public init(path: String) throws(DatasetError) {
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw DatasetError(path: path, message: error.message, isMissing: error.isMissing)
        }
        var parser = DatasetParser(path: path, reader: JSONReader(file.bytes))
        self = try parser.dataset()
        withExtendedLifetime(file) {}
        guard questionCount > 0 else {
            throw DatasetError(path: path, message: "the file has no questions")
        }
    }

    /// Reads a SQuAD document that is already in memory; `path` is what messages call it.
    public init(json: [UInt8], path: String) throws(DatasetError) {
        var result: Result<Dataset, DatasetError> = .success(Dataset(articles: []))
        json.withUnsafeBytes { bytes in
            var parser = DatasetParser(path: path, reader: JSONReader(bytes))
            do throws(DatasetError) {
                result = .success(try parser.dataset())
            } catch {
                result = .failure(error)
            }
        }
        self = try result.get()
        guard questionCount > 0 else {
            throw DatasetError(path: path, message: "the file has no questions")
        }
    }
}

/// Walks through a SQuAD document once, keeping what is needed and skipping the rest.
private struct DatasetParser {
    let path: String
    var reader: JSONReader
    /// Where the walk is, for messages: article and paragraph by number, the question by id.
    private var article = 0
    private var paragraph = 0
    private var question = 0

    private static let shape =
        "a SQuAD file is an object {\"data\": [{\"title\", \"paragraphs\": [{\"context\", \"qas\": [...]}]}]}"

    init(path: String, reader: JSONReader) {
        self.path = path
        self.reader = reader
    }

    mutating func dataset() throws(DatasetError) -> Dataset {
        do {
            guard try reader.peek() == .object else {
                throw reader.error("\(Self.shape); this file is a list or a single value")
            }
            var version: String?
            var articles: [Article]?
            try object { parser, key throws(JSONError) in
                switch key {
                case "data": articles = try parser.list("data") { parser throws(JSONError) in try parser.nextArticle() }
                case "version": version = try parser.text(or: .number)
                default: try parser.reader.skipValue()
                }
            }
            try end()
            guard let articles else { throw reader.error("there is no \"data\"; \(Self.shape)") }
            return Dataset(version: version, articles: articles)
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    /// What follows the document is often the next line of a JSON-lines file, which deserves saying so.
    private mutating func end() throws(JSONError) {
        do {
            try reader.end()
        } catch {
            throw reader.error("\(error.message); if this is JSON lines, put the questions into one SQuAD object")
        }
    }

    private mutating func nextArticle() throws(JSONError) -> Article {
        article += 1
        paragraph = 0
        question = 0
        var title = ""
        var paragraphs: [Paragraph]?
        try object { parser, key throws(JSONError) in
            switch key {
            case "title": title = try parser.reader.string()
            case "paragraphs":
                paragraphs = try parser.list("paragraphs") { parser throws(JSONError) in try parser.nextParagraph() }
            default: try parser.reader.skipValue()
            }
        }
        guard let paragraphs else { throw missing("paragraphs") }
        return Article(title: title, paragraphs: paragraphs)
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
