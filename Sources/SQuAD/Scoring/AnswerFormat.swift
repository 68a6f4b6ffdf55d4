import StrictJSON

/// How a file of answers is written.
package enum AnswerFormat: String, Sendable, Hashable, CaseIterable {
    /// An object `{"id": "text"}`, as SQuAD's script reads it.
    case squad
    /// An object `{"id", "prediction_text", "no_answer_probability"}` a line, in the order of the dataset.
    case jsonl
    /// A table (RFC 4180) with these columns, in the order of the dataset.
    case csv

    /// The names of an entry's fields, those of the `evaluate` library's metrics.
    static let (id, text, probability) = ("id", "prediction_text", "no_answer_probability")

    /// What comes before the first entry.
    package var header: String {
        self == .csv ? "\(Self.id),\(Self.text),\(Self.probability)\n" : ""
    }

    /// The line of an answer; `squad` is no format of lines.
    package func line(_ id: String, _ answer: String, noAnswer: Double) -> String {
        if self == .csv { return "\(Self.cell(id)),\(Self.cell(answer)),\(JSONValue.double(noAnswer).serialized())\n" }
        let entry: JSONValue = [
            Self.id: .string(id), Self.text: .string(answer), Self.probability: .double(noAnswer),
        ]
        return entry.serialized() + "\n"
    }

    /// A text as a field of a table: in quotes where it would otherwise be read as something else. The text itself is
    /// never changed, so that what is read back is what was written.
    private static func cell(_ text: String) -> String {
        let special: Set<UInt8> = [0x22, 0x2C, 0x3B, 0x09, 0x0A, 0x0D]
        let isPlain = !text.utf8.contains(where: special.contains) && text.utf8.first != 0x20 && text.utf8.last != 0x20
        return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
    }
}
