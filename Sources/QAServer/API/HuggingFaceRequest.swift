import QuestionAnswering
import StrictJSON

/// `POST /` in the form of Hugging Face's inference API, whose clients then work unchanged. `inputs` may be a list, as
/// inference endpoints have it.
///
/// - Source: https://huggingface.co/docs/inference-providers/tasks/question-answering
package struct HuggingFaceRequest: Sendable {
    /// A question, its text, and their place in the request, as in `inputs[3].`.
    struct Input: Sendable {
        let question: String
        let context: String
        let path: String
    }

    let inputs: [Input]
    /// Whether `inputs` is a list; the response is one then.
    let isList: Bool
    let parameters: AnswerParameters
    /// Widens answers to whole words, as the API does unless told otherwise.
    let alignsToWords: Bool
    /// The most tokens that a question may have.
    let maxQuestionLength: Int?
    private let maxLength: Int?
    private let docStride: Int?

    /// - Parameter limit: how many inputs a list may have.
    package init(_ fields: RequestFields, limit: Int) throws(APIError) {
        var fields = fields
        let value = try fields.required("inputs")
        isList = value.array != nil
        inputs = try Self.inputs(value, limit: limit)
        var given = try RequestFields(fields.value("parameters") ?? .object(JSONObject([])), path: "parameters")
        var parameters = AnswerParameters()
        parameters.topK = try given.int("top_k", in: 1...AnswerParameters.mostAnswers) ?? 1
        parameters.maxAnswerLength = try given.int("max_answer_len", in: 1...AnswerParameters.longestAnswer) ?? 15
        parameters.allowNoAnswer = try given.bool("handle_impossible_answer") ?? false
        self.parameters = parameters
        alignsToWords = try given.bool("align_to_words") ?? true
        maxLength = try given.int("max_seq_len", in: 8...8192)
        docStride = try given.int("doc_stride", in: 0...8192)
        maxQuestionLength = try given.int("max_question_len", in: 1...8192)
        try given.finish()
        // Some clients send these with every task; there is nothing to wait for or to cache.
        if let options = fields.value("options") { _ = try RequestFields(options, path: "options") }
        try fields.finish()
    }

    private static func inputs(_ value: JSONValue, limit: Int) throws(APIError) -> [Input] {
        guard let list = value.array else { return [try input(value, path: "inputs")] }
        guard !list.isEmpty else { throw .empty("inputs", "inputs is empty; there is nothing to answer") }
        guard list.count <= limit else {
            throw .invalid("inputs", "inputs has \(list.count) elements; one request may have \(limit)")
        }
        var inputs: [Input] = []
        for (index, value) in list.enumerated() { inputs.append(try input(value, path: "inputs[\(index)]")) }
        return inputs
    }

    private static func input(_ value: JSONValue, path: String) throws(APIError) -> Input {
        var fields = try RequestFields(value, path: path)
        let input = Input(
            question: try fields.requiredString("question"), context: try fields.requiredString("context"),
            path: fields.path)
        try fields.finish()
        return input
    }

    /// The options for a reader.
    func options(threshold: Double?) -> AnswerOptions {
        var options = parameters.options(threshold: threshold)
        options.maxLength = maxLength
        options.docStride = docStride
        return options
    }

    /// Checks the windows that are asked for against the model.
    func checkWindows(of reader: Reader) throws(APIError) {
        let positions = reader.config.longestRow
        if let maxLength, maxLength > positions {
            throw .invalid(
                "parameters.max_seq_len",
                "parameters.max_seq_len \(maxLength) is more than the model's \(positions) positions")
        }
        let length = maxLength ?? reader.options.maxLength
        let specials = reader.specialTokenCount
        if let docStride, docStride >= length - specials {
            throw .invalid(
                "parameters.doc_stride",
                "parameters.doc_stride \(docStride) must be less than the window of \(length) tokens less \(specials) "
                    + "special ones"
            )
        }
    }

    /// - Throws: `APIError` with status 422 for a question that is longer than the request allows.
    func checkLength(of question: PreparedQuestion, path: String) throws(APIError) {
        guard let limit = maxQuestionLength, question.questionTokenCount > limit else { return }
        throw .invalid(
            path + "question",
            "the question has \(question.questionTokenCount) tokens, more than max_question_len \(limit)")
    }
}
