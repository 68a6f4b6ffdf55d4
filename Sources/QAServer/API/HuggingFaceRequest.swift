import QuestionAnswering
import StrictJSON

/// `POST /` in the form of Hugging Face's inference API, whose clients then work unchanged.
///
/// - Source: https://huggingface.co/docs/inference-providers/tasks/question-answering
package struct HuggingFaceRequest: Sendable {
    let question: String
    let context: String
    let parameters: AnswerParameters
    /// Widens answers to whole words, as the API does unless told otherwise.
    let alignsToWords: Bool
    /// The most tokens that the question may have.
    let maxQuestionLength: Int?
    private let maxLength: Int?
    private let docStride: Int?

    package init(_ fields: RequestFields) throws(APIError) {
        var fields = fields
        var inputs = try RequestFields(fields.required("inputs"), path: "inputs")
        question = try inputs.requiredString("question")
        context = try inputs.requiredString("context")
        try inputs.finish()
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
        // Written by some clients for all tasks; there is nothing to wait for or to cache.
        if let options = fields.value("options") { _ = try RequestFields(options, path: "options") }
        try fields.finish()
    }

    /// The options for a reader.
    func options(threshold: Double?) -> AnswerOptions {
        var options = parameters.options(threshold: threshold)
        options.maxLength = maxLength
        options.docStride = docStride
        return options
    }
}
