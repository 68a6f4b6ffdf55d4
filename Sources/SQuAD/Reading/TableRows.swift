import StrictJSON

/// The columns of a table, by what they hold.
struct RecordHeader {
    /// Of each column the field that it is read as; nil for one that is passed over.
    private let fields: [(field: RecordField, rank: Int, name: String)?]

    /// - Parameter names: of the columns, in their order.
    /// - Throws: `RecordError` for columns that are missing or stand twice.
    init(_ names: [String]) throws(RecordError) {
        fields = names.map { name in
            guard let (field, rank) = RecordField.named(name), ![.data, .questions, .paragraphs].contains(field) else {
                return nil
            }
            return (field, rank, name)
        }
        for (index, column) in fields.enumerated() {
            guard let column else { continue }
            if case let same?? = fields[..<index].first(where: { $0?.field == column.field && $0?.rank == column.rank })
            {
                throw RecordError(message: "two columns are \"\(same.name)\"; rename one")
            }
        }
        let known = Set(fields.compactMap { $0?.field })
        if known.contains(.answers), known.contains(.answer) {
            throw RecordError(message: "there are columns for \"answers\" and for \"answer\"; rename one")
        }
        for (needed, name) in [(RecordField.question, "question"), (.context, "context")] where !known.contains(needed)
        {
            if needed == .context, known.contains(.text) { continue }
            throw RecordError(message: FormAdvice.missing(name, of: "the table", names: names))
        }
    }

    /// The number of columns.
    var count: Int { fields.count }

    /// The row whose fields stand in the columns.
    ///
    /// - Parameter number: the row's, counted from 1; it is the id of a row without one.
    func row(_ values: [JSONValue], number: Int) throws(RecordError) -> (
        paragraph: Paragraph, title: String, isNamed: Bool
    ) {
        var record = RecordFields()
        for (column, value) in zip(fields, values) {
            if let column { try record.add(column.field, rank: column.rank, value, name: column.name) }
        }
        let id = try record.id()
        guard let context = try record.context() else { throw RecordError(message: "there is no \"context\"") }
        guard let text = try record.question() else { throw RecordError(message: "there is no \"question\"") }
        let question = try record.question(id: id ?? "\(number)", text: text)
        return (Paragraph(context: context, questions: [question]), try record.title(), id != nil)
    }
}

/// The next row of a table of any layout.
protocol TableRows {
    /// The values of the next row; nil at the end.
    mutating func nextRow() throws(DatasetError) -> [JSONValue]?
    /// How many bytes were walked through.
    var byteOffset: Int { get }
    /// An error of the row that was handed out last.
    func failure(_ message: String) -> DatasetError
}

/// The rows of a table, as records.
struct TableItems<Rows: TableRows>: ItemSource {
    private var rows: Rows
    private let header: RecordHeader
    private var count = 0
    private(set) var namelessQuestions = 0

    init(_ rows: Rows, _ header: RecordHeader) { (self.rows, self.header) = (rows, header) }

    var byteOffset: Int { rows.byteOffset }
    /// Tables have no version.
    var version: String? { nil }

    mutating func next() throws(DatasetError) -> DatasetItem? {
        guard let values = try rows.nextRow() else { return nil }
        count += 1
        guard values.count == header.count else {
            throw rows.failure(
                "row \(count) has \(values.count) fields, and there are \(header.count) columns; fields with "
                    + "separators, quotes or line ends belong in quotes")
        }
        do {
            let row = try header.row(values, number: count)
            if !row.isNamed { namelessQuestions += 1 }
            return .loose(row.paragraph, title: row.title)
        } catch {
            throw rows.failure("row \(count): \(error.message)")
        }
    }
}
