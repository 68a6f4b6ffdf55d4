import StrictJSON

/// A table whose columns stand one after another in a JSON object: each a list, or an object by row labels. Each column
/// is read by a reader of its own, so that no column is in memory.
struct ColumnRows: TableRows {
    /// A column that is read.
    private struct Column {
        let name: String
        var reader: JSONReader
        let isList: Bool
    }

    private let path: String
    private let start: JSONReader
    private var columns: [Column] = []
    private var count = 0

    /// The rows of the table and its header.
    static func items(path: String, reader: JSONReader) throws(DatasetError) -> TableItems<ColumnRows> {
        do {
            let rows = try ColumnRows(path: path, reader: reader)
            do {
                return TableItems(rows, try RecordHeader(rows.columns.map(\.name)))
            } catch {
                throw rows.failure(error.message)
            }
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    /// Walks through the object and remembers where columns begin that are read.
    private init(path: String, reader: JSONReader) throws(JSONError) {
        (self.path, start) = (path, reader)
        var reader = reader
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            let kind = try reader.peek()
            if RecordField.named(key) != nil, kind == .array || kind == .object {
                var column = Column(name: key, reader: reader, isList: kind == .array)
                if column.isList { try column.reader.beginArray() } else { try column.reader.beginObject() }
                columns.append(column)
            }
            try reader.skipValue()
        }
        try reader.end()
    }

    var byteOffset: Int { columns.map(\.reader.byteOffset).min() ?? 0 }

    func failure(_ message: String) -> DatasetError {
        DatasetError(path: path, message: "\((columns.first?.reader ?? start).error(message))")
    }

    mutating func nextRow() throws(DatasetError) -> [JSONValue]? {
        count += 1
        do {
            var values: [JSONValue] = []
            var (label, ended): (String?, [String]) = (nil, [])
            for index in columns.indices {
                guard let (name, value) = try next(index) else {
                    ended.append(columns[index].name)
                    continue
                }
                values.append(value)
                if let name, let label, !name.utf8.elementsEqual(label.utf8) {
                    throw failure("row \(count) is named \"\(label)\" and \"\(name)\" in different columns")
                }
                label = label ?? name
            }
            if ended.isEmpty { return values }
            guard ended.count == columns.count else {
                throw failure("the columns differ in length: \(FormAdvice.list(ended)) ends before row \(count)")
            }
            return nil
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    /// The next value of a column, with its label where columns are objects.
    private mutating func next(_ index: Int) throws(JSONError) -> (String?, JSONValue)? {
        let first = count == 1
        if columns[index].isList {
            guard try columns[index].reader.nextElement(first: first) else { return nil }
            return (nil, try columns[index].reader.value())
        }
        guard let key = try columns[index].reader.nextKey(first: first) else { return nil }
        return (key, try columns[index].reader.value())
    }
}
