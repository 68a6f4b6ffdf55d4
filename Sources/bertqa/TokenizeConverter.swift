import StrictJSON
import Tokenizers

/// What is wrong with one line of input.
struct TokenizeLineError: Error, CustomStringConvertible {
    let description: String
}

/// Turns one line of `bertqa tokenize`'s input into one line of output.
struct TokenizeConverter {
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

    init(tokenizer: Tokenizer, maxLength: Int?) {
        self.tokenizer = tokenizer
        self.maxLength = maxLength
    }

    mutating func convert(_ line: [UInt8], to output: inout OutputBuffer) throws {
        let row = try read(line)
        switch (row.text, row.question, row.context) {
        case (let text?, nil, nil):
            let encoding = tokenizer.encode(text, maxLength: maxLength)
            write(encoding, [text], [ScalarOffsets(text)], &output)
        case (nil, let question?, let context?):
            let second = tokenised(context)
            let encoding = try tokenizer.pair(
                tokenizer.tokenize(question, scratch: scratch), second.tokens, maxLength: maxLength)
            write(encoding, [question, context], [ScalarOffsets(question), second.offsets], &output)
        default:
            throw TokenizeLineError(description: "expected either \"text\", or \"question\" and \"context\"")
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
        _ encoding: Encoding, _ texts: [String], _ offsets: [ScalarOffsets], _ output: inout OutputBuffer
    ) {
        output.append("{\"ids\": ")
        output.append(encoding.ids)
        output.append(", \"type_ids\": ")
        output.append(encoding.typeIDs)
        output.append(", \"attention_mask\": ")
        output.append(encoding.attentionMask)
        output.append(", \"offsets\": [")
        for index in encoding.offsets.indices {
            let sequence = Int(encoding.sequence[index])
            let range = sequence < 0 ? 0..<0 : offsets[sequence].scalars(utf8: encoding.offsets[index])
            output.append(index == 0 ? "[" : ", [")
            output.append(range.lowerBound)
            output.append(", ")
            output.append(range.upperBound)
            output.append("]")
        }
        output.append("], \"tokens\": [")
        let spellings = tokenizer.spellings(of: encoding, first: texts[0], second: texts.count > 1 ? texts[1] : "")
        for (index, spelling) in spellings.enumerated() {
            if index > 0 { output.append(", ") }
            output.append(quoted: spelling)
        }
        output.append("]}\n")
    }
}
