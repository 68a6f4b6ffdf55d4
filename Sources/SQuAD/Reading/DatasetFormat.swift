import StrictJSON

/// How a dataset's file is laid out, told from its beginning: names of files are not looked at.
enum DatasetFormat: Hashable {
    /// JSON objects that are documents, articles, paragraphs or rows, in a list or one after another.
    case objects
    /// Rows as the members of one object (pandas' orientation `index`).
    case index
    /// An object with a list, or an object by row labels, for each column (pandas' `list`, `dict`, `columns`).
    case columns
    /// An object with the names of columns and a list of rows as lists (pandas' `split`).
    case split
    /// A list of rows as lists (pandas' `values`).
    case values
    /// A table of rows (CSV), its fields apart by this byte.
    case table(separator: UInt8)

    /// Looks at a file. What is none of the formats counts as objects, whose walk says what is wrong.
    init(of bytes: UnsafeRawBufferPointer) {
        var reader = JSONReader(bytes)
        switch try? reader.peek() {
        case .array: self = Self.beginsWithList(reader) ? .values : .objects
        case .object: self = (try? Self.object(&reader)) ?? .objects
        default: self = Self.table(bytes).map(DatasetFormat.table) ?? .objects
        }
    }

    private static func beginsWithList(_ reader: JSONReader) -> Bool {
        var reader = reader
        do {
            try reader.beginArray()
            return try reader.nextElement(first: true) && reader.peek() == .array
        } catch {
            return false
        }
    }

    /// The format of a file that begins with an object. Nothing behind the first member that decides is read.
    private static func object(_ reader: inout JSONReader) throws(JSONError) -> DatasetFormat {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            let kind = try reader.peek()
            switch RecordField.named(key)?.field {
            case .data: return kind == .array && beginsWithList(reader) ? .split : .objects
            case .questions, .paragraphs: return .objects
            case .context, .question: return kind == .array || kind == .object ? .columns : .objects
            case nil where first && kind == .object && isRow(reader): return .index
            case nil where first && key == "columns" && kind == .array: return .split
            default: try reader.skipValue()
            }
            first = false
        }
        return .objects
    }

    /// Whether the object that comes next has a row's fields.
    private static func isRow(_ reader: JSONReader) -> Bool {
        FormAdvice.names(at: reader).contains { isOfRow($0) }
    }

    private static func isOfRow(_ name: String) -> Bool {
        let field = RecordField.named(name)?.field
        return field == .context || field == .question
    }

    /// What separates the fields of a table whose first line names a row's columns; nil if it is none.
    private static func table(_ bytes: UnsafeRawBufferPointer) -> UInt8? {
        // A header is short; a file without line ends need not be read to its end.
        let start = UnsafeRawBufferPointer(rebasing: bytes.prefix(1 << 16))
        let headers = CSVReader.separators.map { separator in
            var reader = CSVReader(path: "", bytes: start, separator: separator)
            let names = (try? reader.next()) ?? []
            return (separator, count: names.count { isOfRow($0) })
        }
        guard let best = headers.max(by: { $0.count < $1.count }), best.count > 0 else { return nil }
        return best.0
    }
}
