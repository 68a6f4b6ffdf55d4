import StrictJSON

/// The message about a file in no supported format: which fields it has, and which format is closest.
enum FormAdvice {
    static let formats =
        "a dataset is SQuAD's document, rows or paragraphs as JSON, or a table (commas, tabs or semicolons) whose "
        + "first line names \"context\" and \"question\", in UTF-8"

    /// A form that files have, and the names of its fields.
    private struct Form {
        let shape: String
        let names: [String]
    }

    private static let row = Form(
        shape: "a row {\"id\", \"context\", \"question\", \"answers\": {\"text\": [...], \"answer_start\": [...]}}",
        names: ["id", "context", "question", "answers", "answer", "answer_start", "is_impossible"])
    private static let paragraph = Form(
        shape: "a paragraph {\"context\", \"qas\": [{\"id\", \"question\", \"answers\"}]}", names: ["context", "qas"])
    private static let document = Form(
        shape: "SQuAD's document {\"data\": [{\"title\", \"paragraphs\": [{\"context\", \"qas\": [...]}]}]}",
        names: ["data", "paragraphs", "title", "version"])

    /// The sentence for a record that lacks a field.
    ///
    /// - Parameters:
    ///   - owner: what the record is called, such as `row 3`.
    ///   - names: of the fields that it has.
    static func missing(_ field: String, of owner: String, names: [String]) -> String {
        let seen = names.isEmpty ? "it has no fields" : "its fields are \(list(names))"
        // What has nothing in common with any of them is most likely meant as the official form.
        let forms = [document, row, paragraph]
        let nearest = forms.max { closeness($0, names) < closeness($1, names) } ?? document
        return
            "\(owner) has no \"\(field)\"; \(seen)\(guess(names)); the closest supported format is \(nearest.shape)"
    }

    /// Names in quotes, the first dozen of many.
    static func list(_ names: [String]) -> String {
        (names.prefix(12).map { "\"\($0)\"" } + (names.count > 12 ? ["..."] : [])).joined(separator: ", ")
    }

    /// The names of an object's members.
    static func names(at start: JSONReader) -> [String] {
        var (reader, names) = (start, [String]())
        do {
            try reader.beginObject()
            while let key = try reader.nextKey(first: names.isEmpty) {
                names.append(key)
                try reader.skipValue()
            }
        } catch {
            // The object was read to its end before.
            return names
        }
        return names
    }

    /// How many names a record shares with a form; nearly the same ones count half.
    private static func closeness(_ form: Form, _ names: [String]) -> Int {
        names.reduce(0) { sum, name in
            if let field = RecordField.named(name)?.field {
                return sum + (form.names.contains { RecordField.named($0)?.field == field } ? 2 : 0)
            }
            return sum + (form.names.contains { isNear($0, name) } ? 1 : 0)
        }
    }

    /// A remark on names that nearly are those of fields.
    private static func guess(_ names: [String]) -> String {
        let known = (row.names + paragraph.names + document.names)
        let pairs = names.filter { RecordField.named($0) == nil }.compactMap { name in
            known.first { isNear($0, name) }.map { "\"\(name)\" may be meant as \"\($0)\"" }
        }
        return pairs.isEmpty ? "" : " (\(pairs.prefix(3).joined(separator: ", ")))"
    }

    /// Whether one name contains the other, or two letters at most set them apart.
    private static func isNear(_ known: String, _ name: String) -> Bool {
        let (known, name) = (
            Array(RecordField.normalized(known).utf8), Array(RecordField.normalized(name).utf8.prefix(64))
        )
        guard known.count > 3, name.count > 3 else { return false }
        return name.starts(with: known) || name.reversed().starts(with: known.reversed()) || distance(known, name) <= 2
    }

    /// The number of letters to add, remove or change between two words (Levenshtein).
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (place, match) in other.enumerated() {
                let change = diagonal + (letter == match ? 0 : 1)
                diagonal = row[place + 1]
                row[place + 1] = min(change, row[place] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
