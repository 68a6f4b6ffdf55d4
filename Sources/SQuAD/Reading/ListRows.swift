import StrictJSON

/// A table whose rows are lists: pandas' orientations `split`, which names the columns, and `values`, which does not.
struct ListRows: TableRows {
    private let path: String
    private var reader: JSONReader
    /// The reader at the row that was handed out last.
    private var row: JSONReader
    private var isFirst: Bool

    private static let usual = ["id", "title", "context", "question", "answers"]

    /// The rows of `{"columns": [...], "data": [[...]]}`.
    static func split(path: String, reader: JSONReader) throws(DatasetError) -> TableItems<ListRows> {
        try located(path) { () throws(JSONError) in
            var (walk, names, data) = (reader, JSONValue?.none, JSONReader?.none)
            try walk.beginObject()
            var first = true
            while let key = try walk.nextKey(first: first) {
                first = false
                if key == "columns" { names = try walk.value(); continue }
                if key == "data", try walk.peek() == .array { data = walk }
                try walk.skipValue()
            }
            try walk.end()
            guard var rows = data, let names = names?.array?.compactMap(\.string) else {
                throw reader.error("rows are lists, but no list \"columns\" of strings names their fields")
            }
            try rows.beginArray()
            return try items(ListRows(path: path, reader: rows, isFirst: true), names: names, at: reader)
        }
    }

    /// The rows of `[[...], ...]`: the first one may name the columns, else they are the five of the datasets library.
    static func values(path: String, reader: JSONReader) throws(DatasetError) -> TableItems<ListRows> {
        try located(path) { () throws(JSONError) in
            var walk = reader
            try walk.beginArray()
            var rows = ListRows(path: path, reader: walk, isFirst: true)
            _ = try walk.nextElement(first: true)
            let first = try walk.value().array ?? []
            let names = first.compactMap(\.string)
            if names.count == first.count, (try? RecordHeader(names)) != nil {
                rows = ListRows(path: path, reader: walk, isFirst: false)
                return try items(rows, names: names, at: reader)
            }
            guard first.count == usual.count, first[4].object?["text"] != nil || first[4].array != nil else {
                throw reader.error(
                    "rows are lists of \(first.count) values without names, which are read only as "
                        + "\(FormAdvice.list(usual)); write them with names (pandas: orient=\"records\")")
            }
            return try items(rows, names: usual, at: reader)
        }
    }

    private static func items(
        _ rows: ListRows, names: [String], at place: JSONReader
    ) throws(JSONError) -> TableItems<ListRows> {
        do {
            return TableItems(rows, try RecordHeader(names))
        } catch {
            throw place.error(error.message)
        }
    }

    private static func located<Result>(
        _ path: String, _ body: () throws(JSONError) -> Result
    ) throws(DatasetError) -> Result {
        do {
            return try body()
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    private init(path: String, reader: JSONReader, isFirst: Bool) {
        (self.path, self.reader, row, self.isFirst) = (path, reader, reader, isFirst)
    }

    var byteOffset: Int { reader.byteOffset }

    func failure(_ message: String) -> DatasetError { DatasetError(path: path, message: "\(row.error(message))") }

    mutating func nextRow() throws(DatasetError) -> [JSONValue]? {
        do {
            guard try reader.nextElement(first: isFirst) else { return nil }
            (isFirst, row) = (false, reader)
            guard let values = try reader.value().array else {
                throw row.error("a row must be a list, as the others are")
            }
            return values
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }
}
