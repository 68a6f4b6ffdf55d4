import StrictJSON

/// Turns lines of JSON with texts into lines of JSON with tokens, as the `tokenizers` library gives them.
///
/// A line in is `{"text": "..."}` or `{"question": "...", "context": "..."}`; a line out has `ids`, `type_ids`,
/// `attention_mask`, `offsets` in Unicode scalars of the token's own text, and `tokens`.
package struct EncodedLines {
    /// A line with neither a text nor a question and a context.
    package struct LineError: Error, Sendable, CustomStringConvertible {
        /// What was expected.
        package let description: String
    }

    private struct Row {
        var text: String?
        var question: String?
        var context: String?
    }

    private let tokenizer: Tokenizer
    private let maxLength: Int?
    private let scratch = TokenizerScratch()
    /// Questions about one context usually follow one another.
    private var lastContext: (text: String, tokens: TokenizedText, offsets: ScalarOffsets)?

    /// Lines whose rows have at most `maxLength` tokens; nil cuts nothing.
    package init(tokenizer: Tokenizer, maxLength: Int?) {
        self.tokenizer = tokenizer
        self.maxLength = maxLength
    }

    /// Appends what a line becomes, its end included.
    ///
    /// - Throws: `JSONError`, `LineError`, or `TokenizerError` for a question that leaves no room.
    package mutating func convert(_ line: [UInt8], to output: inout [UInt8]) throws {
        let row = try read(line)
        switch (row.text, row.question, row.context) {
        case (let text?, nil, nil):
            let specials = tokenizer.template.singleCount
            guard maxLength ?? specials >= specials else {
                throw TokenizerError(
                    .truncation, "a maximum length of \(maxLength ?? 0) has no room for the \(specials) special tokens")
            }
            let encoding = tokenizer.encode(text, maxLength: maxLength)
            write(encoding, [text], [ScalarOffsets(text)], &output)
        case (nil, let question?, let context?):
            let second = tokenised(context)
            let encoding = try tokenizer.pair(
                tokenizer.tokenize(question, scratch: scratch), second.tokens, maxLength: maxLength)
            write(encoding, [question, context], [ScalarOffsets(question), second.offsets], &output)
        default:
            throw LineError(description: "expected either \"text\", or \"question\" and \"context\"")
        }
    }

    private func read(_ line: [UInt8]) throws -> Row {
        try line.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            var row = Row()
            try reader.beginObject()
            var first = true
            while let key = try reader.nextKey(first: first) {
                first = false
                switch key {
                case "text": row.text = try string(&reader, key)
                case "question": row.question = try string(&reader, key)
                case "context": row.context = try string(&reader, key)
                default: try reader.skipValue()
                }
            }
            try reader.end()
            return row
        }
    }

    private func string(_ reader: inout JSONReader, _ key: String) throws -> String {
        guard try reader.peek() == .string else { throw reader.error("\"\(key)\" must be a string") }
        return try reader.string()
    }

    private mutating func tokenised(_ context: String) -> (tokens: TokenizedText, offsets: ScalarOffsets) {
        if let last = lastContext, last.text.utf8.elementsEqual(context.utf8) { return (last.tokens, last.offsets) }
        let made = (tokenizer.tokenize(context, scratch: scratch), ScalarOffsets(context))
        lastContext = (context, made.0, made.1)
        return made
    }

    private func write(
        _ encoding: Encoding, _ texts: [String], _ offsets: [ScalarOffsets], _ output: inout [UInt8]
    ) {
        output.append(text: "{\"ids\": ")
        output.append(numbers: encoding.ids)
        output.append(text: ", \"type_ids\": ")
        output.append(numbers: encoding.typeIDs)
        output.append(text: ", \"attention_mask\": ")
        output.append(numbers: [Int32](repeating: 1, count: encoding.count))
        output.append(text: ", \"offsets\": [")
        for index in encoding.offsets.indices {
            let sequence = Int(encoding.sequence[index])
            let range = sequence < 0 ? 0..<0 : offsets[sequence].scalars(utf8: encoding.offsets[index])
            output.append(text: index == 0 ? "[" : ", [")
            output.append(number: range.lowerBound)
            output.append(text: ", ")
            output.append(number: range.upperBound)
            output.append(text: "]")
        }
        output.append(text: "], \"tokens\": [")
        let spellings = tokenizer.spellings(of: encoding, first: texts[0], second: texts.count > 1 ? texts[1] : "")
        for (index, spelling) in spellings.enumerated() {
            if index > 0 { output.append(text: ", ") }
            output.append(quoted: spelling)
        }
        output.append(text: "]}\n")
    }
}

extension [UInt8] {
    fileprivate mutating func append(text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        let value = number.magnitude
        var unit: UInt = 1
        while value / unit >= 10 { unit *= 10 }
        while unit > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / unit % 10))
            unit /= 10
        }
    }

    fileprivate mutating func append(numbers: [Int32]) {
        append(text: "[")
        for (index, number) in numbers.enumerated() {
            if index > 0 { append(text: ", ") }
            append(number: Int(number))
        }
        append(text: "]")
    }

    /// Appends a JSON string.
    fileprivate mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                append(text: "\\u00")
                append(digits[Int(byte >> 4)])
                append(digits[Int(byte & 15)])
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
