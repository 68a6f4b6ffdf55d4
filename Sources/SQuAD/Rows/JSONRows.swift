import StrictJSON

/// Rows as JSON objects.
struct JSONRows: RowSource {
    /// Where the objects stand.
    enum Layout: Hashable {
        /// In a list.
        case list
        /// One after another, a line each as a rule.
        case lines
        /// In the list "data" of an object.
        case data
    }

    private let path: String
    private var reader: JSONReader
    private let layout: Layout
    /// The number of rows that were begun.
    private var count = 0

    init(path: String, reader: JSONReader, layout: Layout) {
        self.path = path
        self.reader = reader
        self.layout = layout
    }

    var byteOffset: Int { reader.byteOffset }

    mutating func next() throws(DatasetError) -> Row? {
        do {
            guard try hasNext() else { return nil }
            count += 1
            return try row()
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    /// Goes to the next row; false at the end of the file, which is looked at to its last byte.
    private mutating func hasNext() throws(JSONError) -> Bool {
        let first = count == 0
        switch layout {
        case .lines: return !reader.isAtEnd()
        case .list:
            if first { try reader.beginArray() }
            if try reader.nextElement(first: first) { return true }
        case .data:
            if first { try beginData() }
            if try reader.nextElement(first: first) { return true }
            try endData()
        }
        try reader.end()
        return false
    }

    private mutating func beginData() throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first), key != "data" {
            first = false
            try reader.skipValue()
        }
        try reader.beginArray()
    }

    private mutating func endData() throws(JSONError) {
        while let key = try reader.nextKey(first: false) {
            // What was handed out cannot be taken back.
            guard key != "data" else { throw reader.error("\"data\" stands here for the second time") }
            try reader.skipValue()
        }
    }

    private mutating func row() throws(JSONError) -> Row {
        guard try reader.peek() == .object else { throw reader.error("row \(count): \(RowFields.shape)") }
        let start = reader
        var fields = RowFields()
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            try take(key, into: &fields)
        }
        do {
            return try fields.row(number: count)
        } catch {
            throw start.error(error.message)
        }
    }

    private mutating func take(_ key: String, into fields: inout RowFields) throws(JSONError) {
        switch key {
        case "id": fields.id = try string(orNumber: true)
        case "title": fields.title = try string()
        case "context": fields.context = try string()
        case "question": fields.question = try string()
        case "answers", "answer", "answer_text": fields.answers = try reader.value()
        case "answer_start": fields.answerStart = try reader.value()
        case "is_impossible":
            if try reader.peek() == .null { try reader.null() } else { fields.isImpossible = try reader.bool() }
        default: try reader.skipValue()
        }
    }

    /// A string; nil for `null`. Ids are numbers in some files.
    private mutating func string(orNumber: Bool = false) throws(JSONError) -> String? {
        switch try reader.peek() {
        case .null:
            try reader.null()
            return nil
        case .number where orNumber:
            let number = try reader.number()
            return number.int.map(String.init) ?? String(number.double)
        default: return try reader.string()
        }
    }
}
