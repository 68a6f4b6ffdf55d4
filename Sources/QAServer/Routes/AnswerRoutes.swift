import Hummingbird
import StrictJSON

/// The questions.
struct AnswerRoutes: Sendable {
    let answering: Answering
    let gate: RequestGate

    func add(to router: Router<ServerContext>) {
        router.post("/") { request, context in
            try await gate.answer(request, context) { fields in
                try await answering.answer(HuggingFaceRequest(fields))
            }
        }
        router.post("/v1/answer") { request, context in
            try await gate.answer(request, context) { fields in
                let request = try AnswerRequest(fields)
                guard let text = request.context else {
                    return try await answering.search(request.question, parameters: request.parameters)
                }
                return try await answering.answer(request.question, context: text, parameters: request.parameters)
            }
        }
        router.post("/v1/answers") { request, context in
            try await gate.answer(request, context) { fields in
                try await answering.answer(PairsRequest(fields, limit: answering.limits.pairs))
            }
        }
        router.post("/v1/documents/:id/answer") { request, context in
            let id = try DocumentID(context.parameters.require("id"))
            return try await gate.answer(request, context) { fields in
                let request = try DocumentQuestion(fields)
                return try await answering.answer(request.question, document: id, parameters: request.parameters)
            }
        }
    }
}
