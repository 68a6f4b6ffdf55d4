import StrictJSON

/// The rows of a CSV table behind its first line.
struct CSVRows: TableRows {
    private var reader: CSVReader
    /// Columns whose empty cells are empty texts and not missing ones.
    private let isText: [Bool]

    /// The rows of a table and its header, which is read here.
    static func items(_ reader: CSVReader) throws(DatasetError) -> TableItems<CSVRows> {
        var reader = reader
        let names = try reader.next() ?? []
        let header: RecordHeader
        do {
            header = try RecordHeader(names)
        } catch {
            throw reader.error(error.message, at: reader.recordStart)
        }
        return TableItems(CSVRows(reader: reader, names: names), header)
    }

    private init(reader: CSVReader, names: [String]) {
        self.reader = reader
        isText = names.map { name in
            let field = RecordField.named(name)?.field
            return field == .context || field == .question
        }
    }

    var byteOffset: Int { reader.byteOffset }

    func failure(_ message: String) -> DatasetError { reader.error(message, at: reader.recordStart) }

    mutating func nextRow() throws(DatasetError) -> [JSONValue]? {
        guard let cells = try reader.next() else { return nil }
        guard cells.count == isText.count else { return cells.map(JSONValue.string) }
        return zip(cells, isText).map { cell, isText in cell.isEmpty && !isText ? .null : .string(cell) }
    }
}
