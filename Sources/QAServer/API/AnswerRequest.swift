import NIOCore
import QuestionAnswering
import Retrieval
import StrictJSON

/// The options that all requests for answers share.
struct AnswerParameters: Sendable {
    var topK = 1
    var maxAnswerLength: Int?
    var allowNoAnswer: Bool?
    var minScore: Double?
    var offsets = OffsetUnit.unicode

    /// The most answers that one request may ask for.
    static let mostAnswers = 100
    /// The longest answer that one request may ask for, in tokens.
    static let longestAnswer = 512

    init() {}

    init(_ fields: inout RequestFields) throws(APIError) {
        topK = try fields.int("top_k", in: 1...Self.mostAnswers) ?? 1
        maxAnswerLength = try fields.int("max_answer_length", in: 1...Self.longestAnswer)
        allowNoAnswer = try fields.bool("allow_no_answer")
        minScore = try fields.share("min_score")
        if allowNoAnswer == false, minScore != nil {
            throw fields.invalid("min_score", "cannot be combined with allow_no_answer false")
        }
        if let name = try fields.string("offsets") {
            guard let unit = OffsetUnit(rawValue: name) else {
                throw fields.invalid("offsets", "must be unicode, utf8 or utf16")
            }
            offsets = unit
        }
    }

    /// The options for a reader.
    ///
    /// - Parameter threshold: that of the reader's model. A model without one that may give no answer does so where
    ///   that is more likely.
    func options(threshold: Double?) -> AnswerOptions {
        var options = AnswerOptions()
        options.count = topK
        options.distinctPlaces = true
        options.maxAnswerLength = maxAnswerLength
        options.minScore = allowNoAnswer == false ? 0 : minScore
        switch allowNoAnswer {
        case nil: options.noAnswerThreshold = threshold
        case true?: options.noAnswerThreshold = threshold ?? 0.5
        case false?: options.noAnswerThreshold = 1
        }
        return options
    }
}

/// `POST /v1/answer`
package struct AnswerRequest: Sendable {
    let question: String
    /// Nil asks stored documents.
    let context: String?
    /// Which stored documents are asked.
    let filter: DocumentFilter
    let parameters: AnswerParameters

    package init(_ fields: RequestFields) throws(APIError) {
        var fields = fields
        question = try fields.requiredString("question")
        context = try fields.string("context")
        let filter = fields.value("filter")
        guard filter == nil || context == nil else {
            throw fields.invalid("filter", "chooses stored documents; leave it out, or leave out context")
        }
        do { self.filter = try DocumentFilter(filter ?? .object(JSONObject([]))) } catch { throw APIError(error) }
        parameters = try AnswerParameters(&fields)
        try fields.finish()
    }
}

/// `PUT /v1/documents/{id}`
package struct DocumentText: Sendable {
    let text: String
    let fields: DocumentFields

    package init(_ fields: RequestFields) throws(APIError) {
        var fields = fields
        text = try fields.requiredString("text")
        let (title, source) = (try fields.string("title"), try fields.string("source"))
        let metadata = fields.value("metadata")
        do { self.fields = try DocumentFields(title: title, source: source, metadata: metadata) } catch {
            throw APIError(error)
        }
        try fields.finish()
    }

    /// A text alone, as bytes.
    init(plain buffer: ByteBuffer) throws(APIError) {
        guard let text = String(validating: buffer.readableBytesView, as: UTF8.self) else {
            throw .invalid("text", "the text is not UTF-8")
        }
        (self.text, fields) = (text, DocumentFields())
    }
}

/// `POST /v1/documents/{id}/answer`
struct DocumentQuestion: Sendable {
    let question: String
    let parameters: AnswerParameters

    init(_ fields: RequestFields) throws(APIError) {
        var fields = fields
        question = try fields.requiredString("question")
        parameters = try AnswerParameters(&fields)
        try fields.finish()
    }
}

/// `POST /v1/answers`
package struct PairsRequest: Sendable {
    let pairs: [(question: String, context: String)]
    let parameters: AnswerParameters

    package init(_ fields: RequestFields, limit: Int) throws(APIError) {
        var fields = fields
        guard let list = try fields.required("pairs").array else { throw fields.invalid("pairs", "must be a list") }
        guard !list.isEmpty else { throw .empty("pairs", "pairs is empty; there is nothing to answer") }
        guard list.count <= limit else {
            throw fields.invalid("pairs", "has \(list.count) elements; one request may have \(limit)")
        }
        var pairs: [(question: String, context: String)] = []
        for (index, value) in list.enumerated() {
            var pair = try RequestFields(value, path: "pairs[\(index)]")
            pairs.append((try pair.requiredString("question"), try pair.requiredString("context")))
            try pair.finish()
        }
        self.pairs = pairs
        parameters = try AnswerParameters(&fields)
        try fields.finish()
    }
}
