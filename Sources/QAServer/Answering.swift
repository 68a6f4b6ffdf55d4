import Hummingbird
import NIOCore
import QuestionAnswering
import Retrieval
import StrictJSON
import Tracing

/// Answers questions: cuts them into rows, has these read in batches, ranks what was read.
///
/// What takes time is done by `Workers`, so that a request never holds the threads that serve connections.
struct Answering: Sendable {
    let slot: ModelSlot
    /// Nil if documents are not stored; see `documents()`.
    let store: (any DocumentStore)?
    let options: ServerOptions
    let metrics: ServerMetrics
    let workers = Workers()
    let cache = TextCache()

    private var limits: ServerLimits { options.limits }

    init(slot: ModelSlot, store: (any DocumentStore)?, options: ServerOptions, metrics: ServerMetrics) {
        self.slot = slot
        self.store = store
        self.options = options
        self.metrics = metrics
    }

    /// The stored documents.
    ///
    /// - Throws: `DocumentStoreError.disabled` if there are none.
    func documents() throws(DocumentStoreError) -> any DocumentStore {
        if let store { return store }
        guard case .nowhere(let reason) = options.documents else {
            preconditionFailure("a server that stores documents has opened its database")
        }
        throw DocumentStoreError(.disabled, "this server stores no documents: \(reason)")
    }

    /// `POST /v1/answer`: answers one question about one text, or about all stored documents.
    func answer(_ admitted: AdmittedRequest) async throws -> Response {
        let model = try slot.model()
        let (request, question) = try await prepare(admitted, model) { body, preparation in
            let request = try AnswerRequest(body)
            guard let context = request.context else {
                try preparation.checkedTokens(of: request.question)
                return (request, nil as PreparedQuestion?)
            }
            let text = try preparation.text(context)
            let options = request.parameters.options(threshold: preparation.reader.noAnswerThreshold)
            return (request, try preparation.question(request.question, about: text, options: options))
        }
        guard let question else { return try await search(request, admitted, model) }
        return try await answer(question, request.parameters, model)
    }

    /// `POST /v1/answers`: answers many pairs of question and text, read together.
    func answerPairs(_ admitted: AdmittedRequest) async throws -> Response {
        let model = try slot.model()
        let limits = limits
        let (request, questions) = try await prepare(admitted, model) { body, preparation in
            let request = try PairsRequest(body, limit: limits.pairs)
            let options = request.parameters.options(threshold: preparation.reader.noAnswerThreshold)
            var texts: [ExactString: PreparedText] = [:]
            var questions: [PreparedQuestion] = []
            for (index, pair) in request.pairs.enumerated() {
                let path = "pairs[\(index)]."
                let text = try texts[ExactString(pair.context)] ?? preparation.text(pair.context, path: path)
                texts[ExactString(pair.context)] = text
                questions.append(try preparation.question(pair.question, about: text, options: options, path: path))
            }
            return (request, questions)
        }
        let readings = try await read(questions, model)
        return try await respond {
            let results = zip(questions, readings).map { question, readings in
                list(model.reader.answers(to: question, from: readings), in: question.text, request.parameters)
            }
            return .object(JSONObject([("results", .array(results)), ("model", .string(options.modelName))]))
        }
    }

    /// `POST /v1/documents/{id}/answer`: answers one question about a stored document.
    func answer(_ admitted: AdmittedRequest, document id: DocumentID) async throws -> Response {
        let model = try slot.model()
        let request = try await prepare(admitted, model) { body, preparation in
            let request = try DocumentQuestion(body)
            try preparation.checkedTokens(of: request.question)
            return request
        }
        let text = try await text(id, admitted, model)
        let question = try await prepare(model, admitted.reservation) { preparation in
            let options = request.parameters.options(threshold: preparation.reader.noAnswerThreshold)
            return try preparation.question(request.question, about: text, options: options)
        }
        return try await answer(question, request.parameters, model, more: [("document", .string(id.text))])
    }

    /// Stores a text and keeps it as the model reads it.
    func put(
        _ body: DocumentText, id: DocumentID, _ reservation: Reservation
    ) async throws -> (document: DocumentSummary, tokens: Int, isNew: Bool) {
        let store = try documents()
        let (prepared, passages) = try await prepare(try slot.model(), reservation) { preparation in
            (try preparation.text(body.text, field: "text"), Passage.split(body.text))
        }
        var new = NewDocument(id: id, text: body.text, passages: passages)
        (new.title, new.source, new.metadata) = (body.fields.title, body.fields.source, body.fields.metadata)
        if let encoder = try slot.model().encoder { new.vectors = try await encoder.vectors(of: new.passageTexts) }
        let (document, replaced) = try await store.put(new)
        if let replaced { cache.remove(replaced) }
        cache.insert(prepared, revision: document.revision)
        return (document, prepared.tokenCount, replaced == nil)
    }

    /// - Returns: whether there was such a document.
    func delete(_ id: DocumentID) async throws -> Bool {
        guard let revision = try await documents().delete(id) else { return false }
        cache.remove(revision)
        return true
    }

    static func unknown(_ id: DocumentID) -> APIError {
        APIError(.notFound, "not_found", "there is no document '\(id.text)'", field: "id")
    }

    // MARK: Steps

    /// Reads a request's body and makes rows of it, on a worker.
    func prepare<Value: Sendable>(
        _ admitted: AdmittedRequest, _ model: ModelSlot.Loaded,
        _ body: @escaping @Sendable (RequestFields, inout Preparation) throws -> Value
    ) async throws -> Value {
        try await prepare(model, admitted.reservation) { preparation in
            try body(RequestFields(body: admitted.body), &preparation)
        }
    }

    private func prepare<Value: Sendable>(
        _ model: ModelSlot.Loaded, _ reservation: Reservation,
        _ body: @escaping @Sendable (inout Preparation) throws -> Value
    ) async throws -> Value {
        let limits = limits
        return try await withSpan("prepare") { _ in
            try await workers.run {
                var preparation = Preparation(model.reader, limits: limits, reservation: reservation)
                return try body(&preparation)
            }
        }
    }

    /// Has the rows of a request's questions read, together with those of other requests.
    func read(_ questions: [PreparedQuestion], _ model: ModelSlot.Loaded) async throws -> [[RowReading]] {
        try await withSpan("read") { span in
            span.attributes["rows"] = questions.reduce(0) { $0 + $1.rowCount }
            let readings = try await model.batcher.readings(of: questions)
            metrics.countQuestions(questions.count)
            return readings
        }
    }

    /// Makes a JSON response, on a worker.
    func respond(_ body: @escaping @Sendable () throws -> JSONValue) async throws -> Response {
        let limit = limits.responseBytes
        return try await withSpan("respond") { _ in
            try await workers.run {
                let buffer = ByteBuffer(string: try body().serialized())
                guard buffer.readableBytes <= limit else {
                    throw APIError.invalid(
                        nil, "the response would have \(buffer.readableBytes) bytes; it may have \(limit): ask for less"
                    )
                }
                return .bytes(buffer, type: "application/json")
            }
        }
    }

    private func answer(
        _ question: PreparedQuestion, _ parameters: AnswerParameters, _ model: ModelSlot.Loaded,
        more: [(String, JSONValue)] = []
    ) async throws -> Response {
        let readings = try await read([question], model)[0]
        return try await respond {
            list(model.reader.answers(to: question, from: readings), in: question.text, parameters, more: more)
        }
    }

    /// A stored document as the model reads it.
    private func text(
        _ id: DocumentID, _ admitted: AdmittedRequest, _ model: ModelSlot.Loaded
    ) async throws -> PreparedText {
        let store = try documents()
        guard let summary = try await store.summary(id) else { throw Self.unknown(id) }
        if let kept = cache.text(summary.revision) { return kept }
        guard let (stored, text) = try await store.document(id) else { throw Self.unknown(id) }
        let prepared = try await prepare(model, admitted.reservation) { try $0.text(text) }
        cache.insert(prepared, revision: stored.revision)
        return prepared
    }

    /// Answers one question about stored documents: the passages that search finds, read and ranked together.
    private func search(
        _ request: AnswerRequest, _ admitted: AdmittedRequest, _ model: ModelSlot.Loaded
    ) async throws -> Response {
        let store = try documents()
        let vector = try await model.encoder?.vector(of: request.question)
        let found = try await PassageFinder(store: store).passages(
            for: request.question, vector: vector, filter: request.filter, limit: limits.searchPassages)
        guard !found.isEmpty else {
            guard try await store.size().documents > 0 else { throw Self.nothingToSearch }
            return try await respond { .answers([], noAnswer: nil, model: options.modelName) }
        }
        let questions = try await prepare(model, admitted.reservation) { preparation in
            let options = request.parameters.options(threshold: preparation.reader.noAnswerThreshold)
            return try found.map { passage in
                let text = try preparation.text(passage.passage.text)
                return try preparation.question(request.question, about: text, options: options)
            }
        }
        let readings = try await read(questions, model)
        return try await respond {
            let answers = model.reader.answers(
                to: questions, from: readings,
                fits: found.map { PassageFit(bm25: $0.bm25, cosine: $0.cosine) }, ranking: model.reader.ranking)
            return .answers(
                answers.map { .answer($0, found: found.map(\.passage), offsets: request.parameters.offsets) },
                noAnswer: answers.first?.answer.noAnswerProbability, model: options.modelName)
        }
    }

    private static let nothingToSearch = APIError.invalid(
        "context",
        "there is no context, and no stored document to look in: send the text as context, or store it first")

    private func list(
        _ answers: [Answer], in text: PreparedText, _ parameters: AnswerParameters, more: [(String, JSONValue)] = []
    ) -> JSONValue {
        .answers(
            answers.map { .answer($0, in: text.text, offsets: parameters.offsets, more: more) },
            noAnswer: answers.first?.noAnswerProbability, model: options.modelName)
    }
}
