import Files
import StrictJSON

/// A file of answers in any of its forms: SQuAD's object `{"id": "text"}`; entries `{"id", "prediction_text",
/// "no_answer_probability"}` in a list, as the `evaluate` library's metrics take them, or one a line; a table (CSV)
/// with columns of these names.
package struct AnswerFile: Sendable {
    /// The answers by question id. Of several to one id the last counts.
    package private(set) var answers: [QuestionID: String] = [:]
    /// How likely each question is to have no answer; nil if the file does not say so.
    package var noAnswer: NoAnswerProbabilities? {
        probabilities.isEmpty ? nil : NoAnswerProbabilities(probabilities)
    }
    private var probabilities: [(id: QuestionID, probability: Double)] = []
    private var entries = 0

    private static let forms =
        "a prediction file is an object {\"question id\": \"answer text\"}, a list or lines of "
        + "{\"id\", \"prediction_text\"}, or a table with columns of these names"

    /// Reads a file.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read or has none of the forms, with its line.
    package init(path: String) throws(DatasetError) {
        let file = try QuestionFile.map(path)
        do {
            try file.withBytes { bytes in try read(bytes, path) }
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError(path: path, message: (error as? RecordError)?.message ?? "\(error)")
        }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, _ path: String) throws {
        var reader = JSONReader(bytes)
        // What is empty is so in every form.
        if reader.isAtEnd() { _ = try reader.peek() }
        switch try? reader.peek() {
        case .array: try readList(&reader)
        case .object where FormAdvice.names(at: reader).contains(AnswerFormat.text): try readLines(&reader)
        case .object: try readObject(JSONValue.parse(bytes))
        default: try readTable(bytes, path)
        }
        guard probabilities.isEmpty || probabilities.count == entries else {
            throw RecordError(
                message:
                    "only \(probabilities.count) of \(entries) entries have a \"\(AnswerFormat.probability)\"; give "
                    + "it to all or to none")
        }
    }

    // MARK: JSON

    private mutating func readObject(_ value: JSONValue) throws {
        for (id, answer) in value.object ?? JSONObject([]) {
            guard let text = answer.string else {
                throw RecordError(message: "the prediction for question \(id) is not a string; \(Self.forms)")
            }
            answers[QuestionID(id)] = text
        }
    }

    private mutating func readList(_ reader: inout JSONReader) throws {
        try reader.beginArray()
        while try reader.nextElement(first: entries == 0) { try readEntry(&reader) }
        try reader.end()
        guard entries > 0 else { throw RecordError(message: "the list is empty; \(Self.forms)") }
    }

    private mutating func readLines(_ reader: inout JSONReader) throws {
        while !reader.isAtEnd() { try readEntry(&reader) }
    }

    private mutating func readEntry(_ reader: inout JSONReader) throws {
        let start = reader
        do {
            try add(reader.value())
        } catch let error as RecordError {
            throw start.error("entry \(entries): \(error.message)")
        }
    }

    private mutating func add(_ entry: JSONValue) throws(RecordError) {
        entries += 1
        guard let id = entry.text(AnswerFormat.id), let text = entry[AnswerFormat.text]?.string else {
            throw RecordError(
                message: "expected an object with \"\(AnswerFormat.id)\" and \"\(AnswerFormat.text)\"; \(Self.forms)")
        }
        answers[QuestionID(id)] = text
        switch entry[AnswerFormat.probability] ?? .null {
        case .null: break
        case .number(let number) where number.double.isFinite: probabilities.append((QuestionID(id), number.double))
        default: throw RecordError(message: "the \"\(AnswerFormat.probability)\" of question \(id) is not a number")
        }
    }

    // MARK: Tables

    private mutating func readTable(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(DatasetError) {
        guard case (var reader, let names)? = Self.table(bytes, path), let ids = names.firstIndex(of: AnswerFormat.id),
            let texts = names.firstIndex(of: AnswerFormat.text)
        else { throw DatasetError(path: path, message: "this is not a supported format of answers; \(Self.forms)") }
        let odds = names.firstIndex(of: AnswerFormat.probability)
        while let cells = try reader.next() {
            entries += 1
            guard cells.count == names.count else {
                throw reader.error(
                    "row \(entries) has \(cells.count) fields, and there are \(names.count) columns; fields with "
                        + "separators, quotes or line ends belong in quotes", at: reader.recordStart)
            }
            let id = QuestionID(cells[ids])
            answers[id] = cells[texts]
            guard let odds, !cells[odds].isEmpty else { continue }
            guard let probability = Double(cells[odds].trimmedASCII), probability.isFinite else {
                throw reader.error(
                    "the \(AnswerFormat.probability) of question \(id) is not a number", at: reader.recordStart)
            }
            probabilities.append((id, probability))
        }
    }

    /// The table behind its first line, and the names in that; nil for what is no table of answers.
    private static func table(_ bytes: UnsafeRawBufferPointer, _ path: String) -> (CSVReader, [String])? {
        for separator in CSVReader.separators {
            var reader = CSVReader(path: path, bytes: bytes, separator: separator)
            guard let names = try? reader.next().map({ $0.map(\.trimmedASCII) }) else { continue }
            if names.contains(AnswerFormat.id), names.contains(AnswerFormat.text) { return (reader, names) }
        }
        return nil
    }
}

extension JSONValue {
    /// A member that is a text, or a number where tools have made one of a text.
    fileprivate func text(_ key: String) -> String? {
        if case .number(let number)? = self[key] { return number.digits }
        return self[key]?.string
    }
}
