/// Walks through the records of a table in CSV.
///
/// Fields are in quotes where they hold separators, quotes (doubled) or line ends. Records end at LF, CRLF or CR, of
/// any number of fields; lines without anything are passed over. A byte order mark at the start is passed over.
///
/// - Source: RFC 4180.
struct CSVReader {
    let path: String
    private let bytes: UnsafeRawBufferPointer
    private let separator: UInt8
    /// Where the walk stands, in bytes.
    private(set) var byteOffset: Int
    /// Where the last record began, in bytes.
    private(set) var recordStart = 0

    /// What separates the fields of tables that are met with.
    static let separators = [UInt8(ascii: ","), UInt8(ascii: "\t"), UInt8(ascii: ";")]

    private static let quote = UInt8(ascii: "\"")
    private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    init(path: String, bytes: UnsafeRawBufferPointer, separator: UInt8) {
        self.path = path
        self.bytes = bytes
        self.separator = separator
        byteOffset = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// An error at a place of the file.
    func error(_ message: String, at offset: Int) -> DatasetError {
        let before = bytes.prefix(offset)
        var lines = 1
        for (index, byte) in before.enumerated() {
            let isEnd = byte == Self.lineFeed && !(index > 0 && before[index - 1] == Self.carriageReturn)
            if isEnd || byte == Self.carriageReturn { lines += 1 }
        }
        return DatasetError(path: path, message: "line \(lines): \(message)")
    }

    /// The fields of the next record; nil at the end of the file.
    mutating func next() throws(DatasetError) -> [String]? {
        while byteOffset < bytes.count, isLineEnd(bytes[byteOffset]) { byteOffset += 1 }
        guard byteOffset < bytes.count else { return nil }
        recordStart = byteOffset
        var fields = [try field()]
        while byteOffset < bytes.count, bytes[byteOffset] == separator {
            byteOffset += 1
            fields.append(try field())
        }
        return fields
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == Self.lineFeed || byte == Self.carriageReturn }

    private mutating func field() throws(DatasetError) -> String {
        if byteOffset < bytes.count, bytes[byteOffset] == Self.quote { return try quotedField() }
        let start = byteOffset
        while byteOffset < bytes.count, bytes[byteOffset] != separator, !isLineEnd(bytes[byteOffset]) {
            byteOffset += 1
        }
        return try text(bytes[start..<byteOffset], from: start)
    }

    private mutating func quotedField() throws(DatasetError) -> String {
        let start = byteOffset
        // Nothing is copied before the end is found: where it is missing, the rest of the file would be.
        let end = try endOfQuotes()
        var content: [UInt8] = []
        content.reserveCapacity(end - start)
        var index = start + 1
        while index < end {
            content.append(bytes[index])
            index += bytes[index] == Self.quote ? 2 : 1
        }
        byteOffset = end + 1
        if byteOffset < bytes.count, bytes[byteOffset] != separator, !isLineEnd(bytes[byteOffset]) {
            throw error(
                "a quoted field has text after its closing quote; quotes inside must be doubled (\"\")", at: byteOffset)
        }
        return try text(content, from: start)
    }

    /// Where the quotes close that open a field here.
    private func endOfQuotes() throws(DatasetError) -> Int {
        var index = byteOffset + 1
        while index < bytes.count {
            if bytes[index] == Self.quote {
                guard index + 1 < bytes.count, bytes[index + 1] == Self.quote else { return index }
                index += 1
            }
            index += 1
        }
        throw error("the quotes that open a field here are never closed", at: byteOffset)
    }

    private func text(_ content: some Collection<UInt8>, from start: Int) throws(DatasetError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw error("a field that is not UTF-8; save the table as CSV in UTF-8", at: start)
        }
        return text
    }
}
