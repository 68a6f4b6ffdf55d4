extension JSONValue {
    /// The document as text: without spaces, or indented; nothing is escaped that need not be.
    ///
    /// - Parameters:
    ///   - pretty: one member or element a line, indented by two spaces.
    ///   - sortedKeys: members by key, in the order of their bytes, instead of the order they were given.
    package func serialized(pretty: Bool = false, sortedKeys: Bool = false) -> String {
        var text: [UInt8] = []
        write(to: &text, indent: pretty ? 0 : nil, sortedKeys: sortedKeys)
        return String(decoding: text, as: UTF8.self)
    }

    func write(to text: inout [UInt8], indent: Int?, sortedKeys: Bool) {
        switch self {
        case .null: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .number(let number): text += number.text.utf8
        case .string(let string): Self.write(string, to: &text)
        case .array(let elements):
            Self.writeList(elements.count, "[", "]", to: &text, indent: indent) { index, text, indent in
                elements[index].write(to: &text, indent: indent, sortedKeys: sortedKeys)
            }
        case .object(let object):
            let members =
                sortedKeys
                ? object.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } : Array(object)
            Self.writeList(members.count, "{", "}", to: &text, indent: indent) { index, text, indent in
                Self.write(members[index].key, to: &text)
                text += (indent == nil ? ":" : ": ").utf8
                members[index].value.write(to: &text, indent: indent, sortedKeys: sortedKeys)
            }
        }
    }

    private static func writeList(
        _ count: Int, _ open: String, _ close: String, to text: inout [UInt8], indent: Int?,
        element: (Int, inout [UInt8], Int?) -> Void
    ) {
        text += open.utf8
        let inner = indent.map { $0 + 2 }
        for index in 0..<count {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            newLine(&text, inner)
            element(index, &text, inner)
        }
        if count > 0 { newLine(&text, indent) }
        text += close.utf8
    }

    private static func newLine(_ text: inout [UInt8], _ indent: Int?) {
        guard let indent else { return }
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent))
    }

    static func write(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): text += "\\\"".utf8
            case UInt8(ascii: "\\"): text += "\\\\".utf8
            case 0x0A: text += "\\n".utf8
            case 0x0D: text += "\\r".utf8
            case 0x09: text += "\\t".utf8
            case 0x08: text += "\\b".utf8
            case 0x0C: text += "\\f".utf8
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                text += ("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}

extension JSONNumber {
    /// The shortest text that reads back as this number; `null` for what JSON has no number for.
    var text: String {
        if let int { return String(int) }
        return double.isFinite ? "\(double)" : "null"
    }
}
