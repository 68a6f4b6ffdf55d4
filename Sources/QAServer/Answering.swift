import QuestionAnswering
import StrictJSON

/// Answers questions: cuts them into rows on the caller's thread, has them read in batches, ranks what was read.
struct Answering: Sendable {
    let slot: ModelSlot
    let store: DocumentStore
    let limits: ServerLimits
    let metrics: ServerMetrics
    let modelName: String
    private let cache = TextCache()

    init(slot: ModelSlot, store: DocumentStore, limits: ServerLimits, metrics: ServerMetrics, modelName: String) {
        self.slot = slot
        self.store = store
        self.limits = limits
        self.metrics = metrics
        self.modelName = modelName
    }

    /// Answers to one question about one text.
    func answer(_ question: String, context: String, parameters: AnswerParameters) async throws -> JSONValue {
        let model = try slot.model()
        let text = try prepare(context, model.reader)
        return try await answer(question, text: text, parameters: parameters, more: [])
    }

    /// Answers to many pairs of question and text, read together.
    func answer(_ request: PairsRequest) async throws -> JSONValue {
        let model = try slot.model()
        var texts: [ExactString: PreparedText] = [:]
        var questions: [PreparedQuestion] = []
        let options = request.parameters.options(threshold: model.reader.noAnswerThreshold)
        for (index, pair) in request.pairs.enumerated() {
            let path = "pairs[\(index)]."
            let text = try texts[ExactString(pair.context)] ?? prepare(pair.context, model.reader, path: path)
            texts[ExactString(pair.context)] = text
            questions.append(try prepare(pair.question, about: text, options: options, model.reader, path: path))
        }
        let readings = try await model.batcher.readings(of: questions)
        metrics.countQuestions(questions.count)
        let results = zip(questions, readings).map { question, readings in
            list(model.reader.answers(to: question, from: readings), in: question.text, request.parameters)
        }
        return .object(JSONObject([("results", .array(results)), ("model", .string(modelName))]))
    }

    /// Answers to one question about a stored document.
    func answer(_ question: String, document id: DocumentID, parameters: AnswerParameters) async throws -> JSONValue {
        let model = try slot.model()
        guard let summary = try await store.summary(id) else { throw Self.unknown(id) }
        let text = try await cache.text(summary.revision) {
            guard let (_, text) = try await store.document(id) else { throw Self.unknown(id) }
            return try prepare(text, model.reader)
        }
        return try await answer(
            question, text: text, parameters: parameters, more: [("document", .string(id.text))])
    }

    /// Answers to one question about all stored documents: the best passages by BM25, read and ranked together.
    func search(_ question: String, parameters: AnswerParameters) async throws -> JSONValue {
        let model = try slot.model()
        // Checked first: a question that no passage fits is as blank or as long as any other.
        let found = try await store.search(question, limit: limits.searchPassages)
        let options = parameters.options(threshold: model.reader.noAnswerThreshold)
        let questions = try found.map { passage in
            try prepare(question, about: prepare(passage.text, model.reader), options: options, model.reader)
        }
        guard !questions.isEmpty else {
            try check(question, model.reader)
            guard try await store.size().documents > 0 else {
                throw APIError.invalid(
                    "context",
                    "there is no context, and no stored document to look in: send the text as context, or store it first"
                )
            }
            return .answers([], noAnswer: nil, model: modelName)
        }
        let readings = try await model.batcher.readings(of: questions)
        metrics.countQuestions(1)
        let answers = model.reader.answers(to: questions, from: readings)
        return .answers(
            answers.map { json($0, found: found, offsets: parameters.offsets) },
            noAnswer: answers.first?.answer.noAnswerProbability, model: modelName)
    }

    /// Answers in the form of Hugging Face's inference API.
    func answer(_ request: HuggingFaceRequest) async throws -> JSONValue {
        let model = try slot.model()
        let text = try prepare(request.context, model.reader, path: "inputs.")
        let options = request.options(threshold: model.reader.noAnswerThreshold)
        let question = try prepare(request.question, about: text, options: options, model.reader, path: "inputs.")
        if let limit = request.maxQuestionLength, question.questionTokenCount > limit {
            throw APIError.invalid(
                "inputs.question",
                "the question has \(question.questionTokenCount) tokens, more than max_question_len \(limit)")
        }
        let readings = try await model.batcher.readings(of: [question])[0]
        metrics.countQuestions(1)
        let scalars = text.text.unicodeScalars
        let answers = model.reader.answers(to: question, from: readings).map { answer -> JSONValue in
            var (range, words) = (answer.range, answer.text)
            if request.alignsToWords, !answer.isNoAnswer {
                range = WordAlignment.align(range, in: scalars)
                let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
                words = String(scalars[start..<scalars.index(start, offsetBy: range.count)])
            }
            return .object(
                JSONObject([
                    ("score", .double(answer.score)), ("start", .int(range.lowerBound)),
                    ("end", .int(range.upperBound)), ("answer", .string(words)),
                ]))
        }
        return request.parameters.topK == 1 ? answers.first ?? .array([]) : .array(answers)
    }

    /// Stores a text and keeps it as the model reads it.
    func put(_ text: String, id: DocumentID) async throws -> (document: DocumentSummary, tokens: Int, isNew: Bool) {
        let prepared = try prepare(text, slot.model().reader, field: "text")
        let (document, isNew) = try await store.put(text, id: id)
        _ = try await cache.text(document.revision) { prepared }
        return (document, prepared.tokenCount, isNew)
    }

    static func unknown(_ id: DocumentID) -> APIError {
        APIError(.notFound, "not_found", "there is no document '\(id.text)'", field: "id")
    }

    // MARK: Parts

    private func answer(
        _ question: String, text: PreparedText, parameters: AnswerParameters, more: [(String, JSONValue)]
    ) async throws -> JSONValue {
        let model = try slot.model()
        let options = parameters.options(threshold: model.reader.noAnswerThreshold)
        let prepared = try prepare(question, about: text, options: options, model.reader)
        let readings = try await model.batcher.readings(of: [prepared])[0]
        metrics.countQuestions(1)
        return list(model.reader.answers(to: prepared, from: readings), in: text, parameters, more: more)
    }

    private func list(
        _ answers: [Answer], in text: PreparedText, _ parameters: AnswerParameters, more: [(String, JSONValue)] = []
    ) -> JSONValue {
        .answers(
            answers.map { .answer($0, in: text.text, offsets: parameters.offsets, more: more) },
            noAnswer: answers.first?.noAnswerProbability, model: modelName)
    }

    private func json(_ answer: PassageAnswer, found: [FoundPassage], offsets: OffsetUnit) -> JSONValue {
        guard let index = answer.passage else {
            return .answer(answer.answer, in: "", offsets: offsets, more: [("document", .null), ("passage", .null)])
        }
        let (passage, text) = (found[index].passage, found[index].text)
        let start = passage.start(offsets)
        let place = JSONObject([
            ("start", .int(start)), ("end", .int(start + offsets.count(text))), ("text", .string(text)),
        ])
        return .answer(
            answer.answer, in: text, offsets: offsets, base: start,
            more: [("document", .string(found[index].document.text)), ("passage", .object(place))])
    }

    private func prepare(
        _ text: String, _ reader: Reader, path: String = "", field: String = "context"
    ) throws(APIError) -> PreparedText {
        do {
            return try reader.prepare(text)
        } catch let error where error.kind == .emptyText {
            throw .empty(path + field, "\(path)\(field) is empty; there is nothing to read")
        } catch {
            throw APIError(error, path: path)
        }
    }

    private func prepare(
        _ question: String, about text: PreparedText, options: AnswerOptions, _ reader: Reader, path: String = ""
    ) throws(APIError) -> PreparedQuestion {
        do { return try reader.prepare(question, about: text, options: options) } catch {
            throw APIError(error, path: path)
        }
    }

    private func check(_ question: String, _ reader: Reader) throws(APIError) {
        guard !reader.tokenizer.tokenize(question).ids.isEmpty else { throw APIError(.emptyQuestion) }
    }
}

extension OffsetUnit {
    /// How many units a text has.
    func count(_ text: String) -> Int {
        switch self {
        case .unicode: text.unicodeScalars.count
        case .utf8: text.utf8.count
        case .utf16: text.utf16.count
        }
    }
}
