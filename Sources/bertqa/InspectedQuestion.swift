import Console
import QuestionAnswering
import SQuAD
import StrictJSON
import Tokenizers

/// A question with its rows, for people and as JSON.
struct InspectedQuestion {
    let example: Example
    let features: [Feature]
    let tokenizer: Tokenizer

    /// Several lines; the answer in colour on a terminal, between brackets elsewhere.
    func text(colours: Bool) -> String {
        var lines = ["id        \(example.id)", "question  \(example.question)"]
        for answer in example.answers {
            let end = answer.start + answer.text.unicodeScalars.count
            lines.append("answer    \(answer.text)  (scalars \(answer.start) to \(end))")
        }
        if example.isImpossible { lines.append("answer    none: the text does not have it") }
        lines += ["", marked(colours: colours)]
        if features.isEmpty { lines += ["", "no row: the question leaves no room for the text"] }
        for (number, row) in features.enumerated() {
            lines += ["", title(row, number: number), "", table(row), "", "decoded   \(decoded(row))"]
        }
        return lines.joined(separator: "\n")
    }

    /// The text with the first answer marked.
    private func marked(colours: Bool) -> String {
        let (before, after) = colours ? ("\u{1B}[1;32m", "\u{1B}[0m") : ("[[", "]]")
        guard let range = answerRange else { return example.context }
        let text = example.context
        return text.utf8Substring(0..<range.lowerBound) + before + text.utf8Substring(range) + after
            + text.utf8Substring(range.upperBound..<text.utf8.count)
    }

    private var answerRange: Range<Int>? {
        guard let answer = example.answers.first, answer.start >= 0 else { return nil }
        let (end, overflow) = answer.start.addingReportingOverflow(answer.text.unicodeScalars.count)
        return overflow ? nil : ScalarOffsets(example.context).utf8(scalars: answer.start..<end)
    }

    private func title(_ row: Feature, number: Int) -> String {
        let label =
            row.span.map { "label \($0.lowerBound) to \($0.upperBound)" } ?? "label 0 to 0: the answer is not in it"
        return "row \(number + 1) of \(features.count): \(row.length) tokens, tokens \(row.window.lowerBound) to "
            + "\(row.window.upperBound) of the text's \(row.context.count); \(label)"
    }

    private func table(_ row: Feature) -> String {
        let rows = tokens(row).enumerated().map { position, token in
            [
                "\(position)", token.name, "\(token.id)",
                token.scalars.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "",
                row.span?.contains(position) == true ? "answer" : "",
            ]
        }
        return TextTable(titles: ["position", "token", "id", "scalars", ""], rows: rows).text
    }

    private func decoded(_ row: Feature) -> String {
        tokenizer.decode(tokens(row).map(\.id), skipSpecialTokens: false)
    }

    /// The row's tokens; those of the text with their places in it.
    private func tokens(_ row: Feature) -> [(id: Int32, name: String, scalars: Range<Int>?)] {
        let offsets = ScalarOffsets(example.context)
        let named = { (id: Int32, place: Range<Int>?) in (id, tokenizer.vocabulary[id] ?? "?", place) }
        let template = tokenizer.template
        var result = (template.head.map(\.id) + row.question + template.middle.map(\.id)).map { named($0, nil) }
        result += row.window.map { named(row.context.ids[$0], offsets.scalars(utf8: row.context.offsets[$0])) }
        result += template.tail.map { named($0.id, nil) }
        return result.map { (id: $0.0, name: $0.1, scalars: $0.2) }
    }

    /// The object that `--json` prints.
    var json: JSONValue {
        let rows = features.map { row in
            let tokens = tokens(row)
            return JSONValue.object([
                "ids": .array(tokens.map { .int(Int($0.id)) }), "tokens": .array(tokens.map { .string($0.name) }),
                "offsets": .array(
                    tokens.map {
                        .array([.int($0.scalars?.lowerBound ?? 0), .int($0.scalars?.upperBound ?? 0)])
                    }), "label": row.span.map { .array([.int($0.lowerBound), .int($0.upperBound)]) } ?? .null,
            ])
        }
        return ["id": .string(example.id.text), "question": .string(example.question), "rows": .array(rows)]
    }
}
