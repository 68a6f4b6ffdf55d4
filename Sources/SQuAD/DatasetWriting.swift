import Files
import StrictJSON

extension Dataset {
    /// The dataset as a SQuAD document.
    package func json() -> JSONValue {
        var members: [(String, JSONValue)] = []
        if let version { members.append(("version", .string(version))) }
        members.append(("data", .array(articles.map(\.json))))
        return .object(JSONObject(members))
    }

    /// Writes a SQuAD file that appears whole or not at all.
    ///
    /// - Throws: `DatasetError` with the system's reason.
    public func write(to path: String) throws(DatasetError) {
        do {
            try DatasetWriter.write(to: path) { writer in
                for article in articles {
                    for paragraph in article.paragraphs { try writer.add(paragraph) }
                    try writer.endArticle(title: article.title)
                }
                return version
            }
        } catch {
            throw DatasetError(path: path, message: (error as? FileError)?.message ?? "\(error)")
        }
    }
}

extension Article {
    fileprivate var json: JSONValue {
        .object(JSONObject([("title", .string(title)), ("paragraphs", .array(paragraphs.map(\.json)))]))
    }
}

extension Paragraph {
    var json: JSONValue {
        .object(JSONObject([("context", .string(context)), ("qas", .array(questions.map(\.json)))]))
    }
}

extension Question {
    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = [("id", .string(id.text)), ("question", .string(question))]
        // An empty list would say that there is no answer.
        if isLabelled { members.append(("answers", .array(answers.map(\.json)))) }
        if let isImpossible { members.append(("is_impossible", .bool(isImpossible))) }
        if !plausibleAnswers.isEmpty { members.append(("plausible_answers", .array(plausibleAnswers.map(\.json)))) }
        return .object(JSONObject(members))
    }
}

extension AnswerSpan {
    fileprivate var json: JSONValue {
        .object(JSONObject([("text", .string(text)), ("answer_start", .int(start))]))
    }
}
