import StrictJSON

/// The answers to a question, in whatever form a file has them.
struct AnswerForms {
    /// The answers that have words, in their order. One without an offset has `AnswerSpan.unknownStart`.
    private(set) var spans: [AnswerSpan] = []
    /// Whether the file says that there is no answer: by an empty list, or by an answer without words at no offset, -1
    /// or 0.
    private(set) var saysNone = false

    /// Reads answers: a text, a list of texts, an object or a list of objects `{"text", "answer_start"}`, of which each
    /// member may be a list.
    ///
    /// - Parameters:
    ///   - starts: the offsets of answers that come without.
    ///   - isLiteral: whether a text that is a list or an object as JSON or as Python writes them stands for it.
    /// - Returns: nil if nothing is said of answers.
    static func read(
        _ value: JSONValue?, starts: JSONValue, isLiteral: Bool = false
    ) throws(RecordError) -> AnswerForms? {
        var forms = AnswerForms()
        switch value ?? .null {
        case .null:
            guard starts != .null else { return nil }
            for start in list(starts) where try offset(start) > 0 {
                throw RecordError(
                    message: "answer_start is \(start.serialized()), but no field has the answer's words; expected "
                        + "\"answers\", \"answer\" or \"answer_text\"")
            }
            forms.saysNone = true
        case .string(let text) where isLiteral:
            if let written = try written(text) { return try read(written, starts: starts) }
            try forms.add([.string(text)], starts: starts)
        case .object(let object): try forms.add(object, mayBeWritten: true)
        case .array(let elements) where elements.contains { $0.object != nil }:
            for element in elements {
                if let object = element.object {
                    try forms.add(object)
                } else {
                    try forms.add([element], starts: .null)
                }
            }
        case .array(let elements): try forms.add(elements, starts: starts)
        case let text: try forms.add([text], starts: starts)
        }
        return forms
    }

    /// Reads Label Studio's annotations, the spans of all that were not cancelled; nil if there is none.
    static func readAnnotations(_ value: JSONValue) throws(RecordError) -> AnswerForms? {
        let annotations = (value.array ?? []).filter { $0["was_cancelled"]?.bool != true }
        guard !annotations.isEmpty else { return nil }
        var forms = AnswerForms()
        for annotation in annotations {
            for result in annotation["result"]?.array ?? [] {
                if let span = result["value"]?.object, span["text"] != nil { try forms.add(span) }
            }
        }
        forms.saysNone = forms.spans.isEmpty
        return forms
    }

    /// Adds the answers of an object: one, as SQuAD has it, or a list of texts and one of offsets, as in the datasets
    /// library.
    ///
    /// - Parameter mayBeWritten: whether the lists may be written into texts, as in columns of a table that were put
    ///   together again. In SQuAD's list of objects an answer such as "[Date]" is what it seems.
    private mutating func add(_ object: JSONObject, mayBeWritten: Bool = false) throws(RecordError) {
        guard !object.isEmpty else { return saysNone = true }
        var (texts, starts, spans): (JSONValue?, JSONValue, JSONValue?) = (nil, .null, nil)
        for (key, value) in object {
            switch RecordField.normalized(key) {
            case "text", "answertext": texts = value
            case "answerstart", "start", "startindex", "answerstarts": starts = value
            case "charspans": spans = value
            default: break
            }
        }
        guard let texts else {
            let names = object.map { "\"\($0.key)\"" }.joined(separator: ", ")
            throw RecordError(message: "\"answers\" has no \"text\", but \(names)")
        }
        guard let spans = spans?.array, texts.string != nil else {
            return try add(mayBeWritten ? Self.list(texts) : texts.array ?? [texts], starts: starts)
        }
        // MRQA: every place where the context has the words, as first and last character.
        for span in spans { try add([texts], starts: span.array?.first ?? .null) }
    }

    private mutating func add(_ texts: [JSONValue], starts: JSONValue) throws(RecordError) {
        let offsets = starts == .null ? texts.map { _ in JSONValue.null } : Self.list(starts)
        guard texts.count == offsets.count else {
            throw RecordError(
                message:
                    "the number of answers, \(texts.count), differs from that of their answer_start, \(offsets.count)")
        }
        if texts.isEmpty { saysNone = true }
        for (text, offset) in zip(texts, offsets) {
            let (text, start) = (try Self.text(text), try Self.offset(offset))
            if text.isBlank, start <= 0 { saysNone = true } else { spans.append(AnswerSpan(text: text, start: start)) }
        }
    }

    private static func text(_ value: JSONValue) throws(RecordError) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        // Tools that guess types write answers such as 1843 as numbers.
        case .number(let number): number.digits
        default: throw RecordError(message: "an answer's text must be a string, not \(value.serialized())")
        }
    }

    /// The elements of a list, which may be written as JSON or Python writes it; anything else is a list of one, a text
    /// that only begins with a bracket too.
    private static func list(_ value: JSONValue) -> [JSONValue] {
        guard let text = value.string, let elements = literal(text)?.array else { return value.array ?? [value] }
        return elements
    }

    private static func offset(_ value: JSONValue) throws(RecordError) -> Int {
        switch value {
        case .null: return AnswerSpan.unknownStart
        case .number(let number):
            // Columns with gaps become floating-point numbers in many tools.
            if let whole = number.int ?? Int(exactly: number.double) { return whole }
        case .string(let text):
            let text = text.trimmedASCII
            if ["", "nan", "none", "null", "na", "n/a"].contains(text.lowercased()) { return AnswerSpan.unknownStart }
            if let whole = Int(text) ?? Double(text).flatMap(Int.init(exactly:)) { return whole }
        default: break
        }
        throw RecordError(message: "answer_start must be a whole number, not \(value.serialized())")
    }

    /// The list or the object that is written into a text; nil for any other text, such as "[Date]".
    ///
    /// - Throws: `RecordError` for a text that begins as an object with a key does and is none: an answer in words does
    ///   not begin so.
    private static func written(_ text: String) throws(RecordError) -> JSONValue? {
        if let value = literal(text) { return value }
        guard text.beginsAsObject else { return nil }
        return try PythonLiteral.parse(text)
    }

    /// The list or the object that a text is as JSON or as Python writes them.
    private static func literal(_ text: String) -> JSONValue? {
        guard text.isBracketed else { return nil }
        do {
            return try JSONValue.parse(Array(text.utf8))
        } catch {
            return try? PythonLiteral.parse(text)
        }
    }
}

extension AnswerSpan {
    /// The offset of an answer that a file has without one.
    static let unknownStart = -1
}

extension String {
    /// Whether it begins as a list or an object does.
    fileprivate var isBracketed: Bool { ["[", "{"].contains(trimmedASCII.unicodeScalars.first) }

    /// Whether it begins as an object with a key does.
    fileprivate var beginsAsObject: Bool {
        guard let brace = trimmedASCII.unicodeScalars.first, brace == "{" else { return false }
        return ["'", "\""].contains(String(trimmedASCII.dropFirst()).trimmedASCII.unicodeScalars.first)
    }
}
