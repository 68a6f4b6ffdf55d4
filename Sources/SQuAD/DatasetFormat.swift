import StrictJSON

/// How a dataset's file is laid out, told from its beginning: names of files are not looked at.
enum DatasetFormat: Hashable {
    /// SQuAD's nested document.
    case document
    /// Rows as JSON objects.
    case objects(JSONRows.Layout)
    /// A table of rows (CSV), its fields apart by this byte.
    case table(separator: UInt8)

    /// Looks at a file. What is none of the formats counts as a document, whose parser says what is wrong.
    init(of bytes: UnsafeRawBufferPointer) {
        var reader = JSONReader(bytes)
        switch try? reader.peek() {
        case .array: self = .objects(.list)
        case .object: self = (try? Self.object(&reader)) ?? .document
        default: self = Self.table(bytes).map(DatasetFormat.table) ?? .document
        }
    }

    /// The format of a file that begins with an object: a row, or what rows or articles are listed in.
    private static func object(_ reader: inout JSONReader) throws(JSONError) -> DatasetFormat {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            if isOfRow(key) { return .objects(.lines) }
            guard key == "data" else {
                try reader.skipValue()
                continue
            }
            return try beginsWithRow(&reader) ? .objects(.data) : .document
        }
        return .document
    }

    /// Whether the first element of a list is a row.
    private static func beginsWithRow(_ reader: inout JSONReader) throws(JSONError) -> Bool {
        try reader.beginArray()
        guard try reader.nextElement(first: true) else { return false }
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first), key != "paragraphs" {
            first = false
            if isOfRow(key) { return true }
            try reader.skipValue()
        }
        return false
    }

    private static func isOfRow(_ key: String) -> Bool { key == "context" || key == "question" }

    /// What separates the fields of a table whose first line names a row's columns; nil if it is none.
    private static func table(_ bytes: UnsafeRawBufferPointer) -> UInt8? {
        // A header is short; a file without line ends need not be read to its end.
        let start = UnsafeRawBufferPointer(rebasing: bytes.prefix(1 << 16))
        let headers = CSVReader.separators.map { separator in
            var reader = CSVReader(path: "", bytes: start, separator: separator)
            let names = (try? reader.next())??.map(TableRows.normalized) ?? []
            return (separator, count: names.count { isOfRow($0) })
        }
        guard let best = headers.max(by: { $0.count < $1.count }), best.count > 0 else { return nil }
        return best.0
    }
}
