import Hummingbird
import Retrieval

/// The questions.
struct AnswerRoutes: Sendable {
    let answering: Answering
    let gate: RequestGate

    func add(to router: Router<ServerContext>) {
        router.post("/") { request, context in
            _ = try MediaType(request)
            return try await gate.enter(request, context) { try await answering.answerHuggingFace($0) }
        }
        router.post("/v1/answer") { request, context in
            _ = try MediaType(request)
            return try await gate.enter(request, context) { try await answering.answer($0) }
        }
        router.post("/v1/answers") { request, context in
            _ = try MediaType(request)
            return try await gate.enter(request, context) { try await answering.answerPairs($0) }
        }
        router.post("/v1/documents/:id/answer") { request, context in
            _ = try MediaType(request)
            let id = try DocumentID(inPath: context.parameters)
            return try await gate.enter(request, context) { try await answering.answer($0, document: id) }
        }
    }
}
