import Hummingbird
import QuestionAnswering
import StrictJSON

extension Answering {
    /// `POST /`: answers in the form of Hugging Face's inference API.
    func answerHuggingFace(_ admitted: AdmittedRequest) async throws -> Response {
        let model = try slot.model()
        let limit = options.limits.pairs
        let (request, questions) = try await prepare(admitted, model) { body, preparation in
            let request = try HuggingFaceRequest(body, limit: limit)
            try request.checkWindows(of: preparation.reader)
            let options = request.options(threshold: preparation.reader.noAnswerThreshold)
            var questions: [PreparedQuestion] = []
            for input in request.inputs {
                let text = try preparation.text(input.context, path: input.path)
                let question = try preparation.question(
                    input.question, about: text, options: options, path: input.path)
                try request.checkLength(of: question, path: input.path)
                questions.append(question)
            }
            return (request, questions)
        }
        let readings = try await read(questions, model)
        return try await respond {
            let results = zip(questions, readings).map { question, readings in
                request.json(model.reader.answers(to: question, from: readings), in: question.text.text)
            }
            return request.isList ? .array(results) : results[0]
        }
    }
}

extension HuggingFaceRequest {
    /// One object, or a list of them where several answers are asked for.
    fileprivate func json(_ answers: [Answer], in text: String) -> JSONValue {
        let list = places(of: answers, in: text).map { answer, range, words in
            JSONValue.object(
                JSONObject([
                    ("score", .double(answer.score)), ("start", .int(range.lowerBound)),
                    ("end", .int(range.upperBound)), ("answer", .string(words)),
                ]))
        }
        return parameters.topK == 1 ? list.first ?? .array([]) : .array(list)
    }

    /// Widens answers to whole words if that is asked for. Of those that overlap then, the best stays.
    private func places(
        of answers: [Answer], in text: String
    ) -> [(answer: Answer, range: Range<Int>, words: String)] {
        let scalars = text.unicodeScalars
        var places: [(answer: Answer, range: Range<Int>, words: String)] = []
        for answer in answers {
            guard alignsToWords, !answer.isNoAnswer else {
                places.append((answer, answer.range, answer.text))
                continue
            }
            let range = WordAlignment.align(answer.range, in: scalars)
            if places.contains(where: { !$0.answer.isNoAnswer && $0.range.overlaps(range) }) { continue }
            let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
            places.append((answer, range, String(scalars[start..<scalars.index(start, offsetBy: range.count)])))
        }
        return places
    }
}
