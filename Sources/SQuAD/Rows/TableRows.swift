import Foundation
import StrictJSON

/// The rows of a table whose first line names the columns.
struct TableRows: RowSource {
    private var reader: CSVReader
    /// What each column holds; empty until the header was read.
    private var columns: [Column?] = []
    /// The number of rows that were begun.
    private var count = 0

    /// A column that is read; others are passed over.
    private enum Column: String {
        case id, title, context, question, answers, answer
        case answerStart = "answer_start"
        case isImpossible = "is_impossible"
    }

    init(_ reader: CSVReader) { self.reader = reader }

    var byteOffset: Int { reader.byteOffset }

    /// A column's name as it is compared: spaces around it and capitals don't count.
    static func normalized(_ name: String) -> String {
        name.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }

    mutating func next() throws(DatasetError) -> Row? {
        if columns.isEmpty { try readHeader() }
        guard let cells = try reader.next() else { return nil }
        count += 1
        guard cells.count == columns.count else {
            throw failure(
                "row \(count) has \(cells.count) fields, and there are \(columns.count) columns; fields with separators, quotes or "
                    + "line ends belong in quotes")
        }
        var fields = RowFields()
        do {
            for (column, cell) in zip(columns, cells) {
                if let column { try take(cell, of: column, into: &fields) }
            }
        } catch {
            throw failure("row \(count): \(error.message)")
        }
        do {
            return try fields.row(number: count)
        } catch {
            throw failure(error.message)
        }
    }

    private func failure(_ message: String) -> DatasetError { reader.error(message, at: reader.recordStart) }

    private mutating func readHeader() throws(DatasetError) {
        let names = try reader.next() ?? []
        columns = names.map { name in
            let name = Self.normalized(name)
            return Column(rawValue: name == "answer_text" ? "answer" : name)
        }
        for (index, column) in columns.enumerated() {
            if let column, columns[..<index].contains(column) {
                throw failure("two columns are \"\(column.rawValue)\"; rename one")
            }
        }
        if columns.contains(.answers), columns.contains(.answer) {
            throw failure("there are the columns \"answers\" and \"answer\"; rename one")
        }
        for needed in [Column.context, .question] where !columns.contains(needed) {
            let some = names.prefix(12).map { "\"\($0)\"" } + (names.count > 12 ? ["..."] : [])
            throw failure(
                "there is no column \"\(needed.rawValue)\" among \(some.joined(separator: ", ")); \(RowFields.shape)")
        }
    }

    private func take(_ cell: String, of column: Column, into fields: inout RowFields) throws(RowError) {
        switch column {
        case .id: fields.id = cell.isEmpty ? nil : cell
        case .title: fields.title = cell
        case .context: fields.context = cell
        case .question: fields.question = cell
        case .answer: fields.answers = cell.isEmpty ? .null : .string(cell)
        case .answers: fields.answers = try value(cell, of: column)
        case .answerStart: fields.answerStart = try number(cell)
        case .isImpossible: fields.isImpossible = try truth(cell)
        }
    }

    /// A cell that holds a list or an object, as JSON or as Python writes them; else it is a text.
    private func value(_ cell: String, of column: Column) throws(RowError) -> JSONValue {
        guard let first = cell.utf8.first else { return .null }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return .string(cell) }
        if let value = try? JSONValue.parse(Array(cell.utf8)) { return value }
        do {
            return try PythonLiteral.parse(cell)
        } catch {
            throw RowError(message: "\(column.rawValue): \(error.message)")
        }
    }

    private func number(_ cell: String) throws(RowError) -> JSONValue {
        let value = try value(cell, of: .answerStart)
        guard let text = value.string else { return value }
        // What tables have in place of a missing number.
        if ["nan", "none", "null", "na", "n/a"].contains(text.lowercased()) { return .null }
        if let number = Int(text) { return .int(number) }
        guard let number = Double(text) else {
            throw RowError(message: "answer_start must be a whole number, not \"\(text)\"")
        }
        return .double(number)
    }

    private func truth(_ cell: String) throws(RowError) -> Bool? {
        switch cell.lowercased() {
        case "": return nil
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw RowError(message: "is_impossible must be true or false, not \"\(cell)\"")
        }
    }
}
