import QuestionAnswering
import Retrieval
import StrictJSON

extension JSONValue {
    /// An answer as `/v1` writes it: `text`, `score`, `start`, `end`.
    ///
    /// - Parameters:
    ///   - base: where the text that was read begins in the text that the client knows, in the same unit.
    ///   - more: members that follow.
    static func answer(
        _ answer: Answer, in text: String, offsets: OffsetUnit, base: Int = 0, more: [(String, JSONValue)] = []
    ) -> JSONValue {
        let range = answer.isNoAnswer ? 0..<0 : offsets.range(of: answer, in: text)
        let base = answer.isNoAnswer ? 0 : base
        return .object(
            JSONObject(
                [
                    ("text", .string(answer.text)), ("score", .double(answer.score)),
                    ("start", .int(base + range.lowerBound)), ("end", .int(base + range.upperBound)),
                ] + more))
    }

    /// An answer among stored documents, with its document and the passage that was read.
    static func answer(_ answer: PassageAnswer, found: [StoredPassage], offsets: OffsetUnit) -> JSONValue {
        guard let index = answer.passage else {
            return .answer(
                answer.answer, in: "", offsets: offsets,
                more: [("document", .null), ("title", .null), ("passage", .null)])
        }
        let (passage, text) = (found[index].passage, found[index].text)
        let start = passage.start(offsets)
        let place = JSONObject([
            ("start", .int(start)), ("end", .int(start + offsets.count(text))), ("text", .string(text)),
        ])
        return .answer(
            answer.answer, in: text, offsets: offsets, base: start,
            more: [
                ("document", .string(found[index].document.text)),
                ("title", found[index].title.map { .string($0) } ?? .null), ("passage", .object(place)),
            ])
    }

    /// A list of answers with what holds for all of them.
    static func answers(_ list: [JSONValue], noAnswer: Double?, model: String) -> JSONValue {
        var members: [(String, JSONValue)] = [("answers", .array(list))]
        if let noAnswer { members.append(("no_answer_probability", .double(noAnswer))) }
        members.append(("model", .string(model)))
        return .object(JSONObject(members))
    }
}
