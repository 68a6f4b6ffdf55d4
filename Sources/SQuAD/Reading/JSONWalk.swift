import StrictJSON

/// Walks once through JSON objects that are documents, articles, paragraphs or rows: one after another, in a list, or
/// as members of one object. Each is taken for what its fields are; the paragraphs of an article are handed out one by
/// one.
struct JSONWalk: ItemSource {
    /// An object whose members are read one after another.
    private struct Element {
        /// The reader at its beginning.
        let start: JSONReader
        var fields = RecordFields()
        /// The questions of a paragraph.
        var questions: [Question]?
        var hasData = false
        var hasParagraphs = false
        /// Whether it is the line that begins an MRQA file.
        var isHeader = false
    }

    /// What is open, and whether nothing was taken from it yet.
    private enum Level {
        case file(first: Bool)
        case list(first: Bool)
        case members(first: Bool)
        case object(first: Bool)
        case paragraphs(first: Bool)
    }

    private let path: String
    private var reader: JSONReader
    /// What is open while an object is read that stands in no other.
    private static let topLevel = 2
    /// Whether the objects are the members of one object, whose keys don't matter.
    private let isIndexed: Bool
    private var levels = [Level.file(first: true)]
    private var elements: [Element] = []
    private(set) var version: String?
    private(set) var namelessQuestions = 0
    /// Where the walk is, for messages and for questions without an id.
    private var (element, paragraph, question, questions) = (0, 0, 0, 0)

    init(path: String, reader: JSONReader, isIndexed: Bool) {
        (self.path, self.reader, self.isIndexed) = (path, reader, isIndexed)
    }

    var byteOffset: Int { reader.byteOffset }

    mutating func next() throws(DatasetError) -> DatasetItem? {
        do {
            while !levels.isEmpty {
                if let item = try step() { return item }
            }
            return nil
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    /// Takes the next piece of what is open.
    private mutating func step() throws(JSONError) -> DatasetItem? {
        switch levels[levels.count - 1] {
        case .file(let first): try beginValue(first: first)
        case .list(let first):
            if try reader.nextElement(first: first) {
                mark(.list(first: false))
                try beginElement()
            } else {
                try close()
            }
        case .members(let first):
            if try reader.nextKey(first: first) != nil {
                mark(.members(first: false))
                try beginElement()
            } else {
                try close()
            }
        case .object(let first):
            if let key = try reader.nextKey(first: first) {
                mark(.object(first: false))
                try take(key)
            } else {
                levels.removeLast()
                return try finish(elements.removeLast())
            }
        case .paragraphs(let first):
            if try reader.nextElement(first: first) {
                mark(.paragraphs(first: false))
                return .paragraph(try nextParagraph())
            }
            levels.removeLast()
        }
        return nil
    }

    private mutating func mark(_ level: Level) { levels[levels.count - 1] = level }

    /// Ends a list. Where it is the whole file, nothing may follow.
    private mutating func close() throws(JSONError) {
        levels.removeLast()
        if levels.count == 1 {
            try reader.end()
            levels = []
        }
    }

    /// Begins the next value of the file: a list only if it is the first.
    private mutating func beginValue(first: Bool) throws(JSONError) {
        if !first, reader.isAtEnd() {
            levels = []
            return
        }
        let kind: JSONReader.Kind
        do {
            kind = try reader.peek()
        } catch {
            guard first, !reader.isAtEnd() else { throw error }
            throw reader.error("\(error.message); \(FormAdvice.formats)")
        }
        mark(.file(first: false))
        switch kind {
        case .array where first:
            try reader.beginArray()
            levels.append(.list(first: true))
        case .object where first && isIndexed:
            try reader.beginObject()
            levels.append(.members(first: true))
        case .object: try beginElement()
        default:
            throw reader.error(
                first
                    ? "this file is a single value; \(FormAdvice.formats)"
                    : "there is more after the end of the document: expected an object")
        }
    }

    private mutating func beginElement() throws(JSONError) {
        guard try reader.peek() == .object else {
            throw reader.error("expected an object; \(FormAdvice.formats)")
        }
        elements.append(Element(start: reader))
        (element, paragraph, question) = (element + 1, 0, 0)
        try reader.beginObject()
        levels.append(.object(first: true))
    }

    /// Takes a member of the object that is open.
    private mutating func take(_ key: String) throws(JSONError) {
        let place = elements.count - 1
        guard let (field, rank) = RecordField.named(key) else {
            if key == "header", levels.count == Self.topLevel { elements[place].isHeader = true }
            return try reader.skipValue()
        }
        switch field {
        case .data: try takeData(place)
        case .paragraphs:
            try beginList(key, again: elements[place].hasParagraphs)
            elements[place].hasParagraphs = true
            levels.append(.paragraphs(first: true))
        case .version where place == 0: version = try versionText()
        default:
            var element = elements.removeLast()
            try add(field, rank, key, to: &element)
            elements.append(element)
        }
    }

    /// Takes the list of a document, or the text and the question that Label Studio keeps in a task's `data`.
    private mutating func takeData(_ place: Int) throws(JSONError) {
        switch try reader.peek() {
        case .array:
            try beginList("data", again: elements[place].hasData)
            elements[place].hasData = true
            element -= 1
            levels.append(.list(first: true))
        case .object:
            let start = reader
            var element = elements.removeLast()
            try readMembers(into: &element)
            guard !element.fields.isEmpty else { throw start.error("\"data\" must be a list") }
            elements.append(element)
        default:
            // A row may call something else so.
            guard place > 0 || !elements[place].fields.isEmpty else { throw reader.error("\"data\" must be a list") }
            try reader.skipValue()
        }
    }

    /// What was handed out cannot be taken back, so a list that stands twice is an error.
    private mutating func beginList(_ name: String, again: Bool) throws(JSONError) {
        guard !again else { throw reader.error("\"\(name)\" is repeated here") }
        guard try reader.peek() == .array else { throw reader.error("\"\(name)\" must be a list") }
        try reader.beginArray()
    }

    private mutating func versionText() throws(JSONError) -> String? {
        switch try reader.value() {
        case .string(let text): text
        case .number(let number): number.digits
        default: nil
        }
    }

    /// What an object that was read to its end is; nil for a document and for a header.
    private mutating func finish(_ element: Element) throws(JSONError) -> DatasetItem? {
        if element.hasParagraphs { return .article(title: try title(of: element)) }
        if element.hasData { return nil }
        if element.isHeader, element.fields.isEmpty, element.questions == nil {
            self.element -= 1
            return nil
        }
        let isArticle = element.questions == nil && element.fields.has(.title) && !element.fields.isRow
        if isArticle { throw missing("paragraphs", of: "article \(self.element)", element) }
        let name = element.questions == nil ? "row \(self.element)" : "paragraph \(self.element)"
        return .loose(try paragraph(element, name: name), title: try title(of: element))
    }

    private func title(of element: Element) throws(JSONError) -> String {
        try located(element.start) { () throws(RecordError) in try element.fields.title() }
    }

    private func located<Result>(
        _ place: JSONReader, _ body: () throws(RecordError) -> Result
    ) throws(JSONError) -> Result {
        do {
            return try body()
        } catch {
            throw place.error(error.message)
        }
    }
}

// MARK: Paragraphs and questions

extension JSONWalk {
    /// The next paragraph of the article that is open.
    private mutating func nextParagraph() throws(JSONError) -> Paragraph {
        (paragraph, question) = (paragraph + 1, 0)
        let name = "article \(element), paragraph \(paragraph)"
        guard try reader.peek() == .object else { throw reader.error("\(name): expected an object") }
        var record = Element(start: reader)
        try readMembers(into: &record)
        return try paragraph(record, name: name)
    }

    /// A record with a context and questions, or with one question of its own.
    private mutating func paragraph(_ record: Element, name: String) throws(JSONError) -> Paragraph {
        let fields = record.fields
        let context = try located(record.start) { () throws(RecordError) in try fields.context() }
        guard let context else { throw missing("context", of: name, record) }
        if let questions = record.questions { return Paragraph(context: context, questions: questions) }
        guard fields.has(.question) || paragraph == 0 else { throw missing("qas", of: name, record) }
        return Paragraph(context: context, questions: [try makeQuestion(record, name: name)])
    }

    /// The questions of a paragraph.
    private mutating func nextQuestions(_ key: String) throws(JSONError) -> [Question] {
        guard try reader.peek() == .array else { throw reader.error("\"\(key)\" must be a list") }
        try reader.beginArray()
        var result: [Question] = []
        question = 0
        while try reader.nextElement(first: question == 0) {
            question += 1
            var name = paragraph > 0 ? "article \(element), paragraph \(paragraph)" : "paragraph \(element)"
            name += ", question"
            guard try reader.peek() == .object else { throw reader.error("\(name) \(question): expected an object") }
            var record = Element(start: reader)
            try readMembers(into: &record)
            let id = try located(record.start) { () throws(RecordError) in try record.fields.id() }
            result.append(try makeQuestion(record, name: "\(name) \(id ?? "\(question)")"))
        }
        return result
    }

    /// The question of a record. Without an id it is called by its number in the file.
    private mutating func makeQuestion(_ record: Element, name: String) throws(JSONError) -> Question {
        questions += 1
        let (fields, number) = (record.fields, questions)
        let id = try located(record.start) { () throws(RecordError) in try fields.id() }
        if id == nil { namelessQuestions += 1 }
        let isRow = name.hasPrefix("row")
        let name = isRow && id != nil ? "\(name) (\(id ?? ""))" : name
        let text = try located(record.start) { () throws(RecordError) in try fields.question() }
        guard let text else { throw missing("question", of: name, record) }
        do {
            return try fields.question(id: id ?? "\(number)", text: text)
        } catch {
            throw record.start.error("\(name): \(error.message)")
        }
    }

    private func missing(_ field: String, of name: String, _ record: Element) -> JSONError {
        record.start.error(FormAdvice.missing(field, of: name, names: FormAdvice.names(at: record.start)))
    }

    /// Reads the members of an object that are fields of a record.
    private mutating func readMembers(into record: inout Element) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            if let (field, rank) = RecordField.named(key) {
                try add(field, rank, key, to: &record)
            } else {
                try reader.skipValue()
            }
        }
    }

    private mutating func add(
        _ field: RecordField, _ rank: Int, _ key: String, to record: inout Element
    ) throws(JSONError) {
        switch field {
        case .questions:
            guard record.questions == nil else { throw reader.error("\"\(key)\" is repeated here") }
            record.questions = try nextQuestions(key)
        case .data, .paragraphs, .version: try reader.skipValue()
        default:
            let place = reader
            let value = try reader.value()
            do {
                try record.fields.add(field, rank: rank, value, name: key)
            } catch {
                throw place.error(error.message)
            }
        }
    }
}
