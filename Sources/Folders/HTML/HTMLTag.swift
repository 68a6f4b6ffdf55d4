/// A tag of an HTML page.
struct HTMLTag {
    /// In lower case.
    let name: String
    let isEnd: Bool
    /// Whether its element is not shown, by its attributes.
    let isHidden: Bool

    /// Reads the tag at an index where there is `<` and a letter, or `</` and a letter.
    ///
    /// - Returns: the tag and the index behind it; nil if the page ends within it.
    static func read(_ bytes: [UInt8], at start: Int) -> (tag: HTMLTag, end: Int)? {
        var index = start + 1
        let isEnd = bytes[index] == UInt8(ascii: "/")
        if isEnd { index += 1 }
        let nameStart = index
        while index < bytes.count, !isNameEnd(bytes[index]) { index += 1 }
        let name = String(decoding: bytes[nameStart..<index], as: UTF8.self).lowercased()
        var isHidden = false
        while true {
            while index < bytes.count, isSpace(bytes[index]) || bytes[index] == UInt8(ascii: "/") { index += 1 }
            guard index < bytes.count else { return nil }
            if bytes[index] == UInt8(ascii: ">") { break }
            guard let attribute = attribute(bytes, at: &index) else { return nil }
            if hides(attribute) { isHidden = true }
        }
        return (HTMLTag(name: name, isEnd: isEnd, isHidden: isHidden), index + 1)
    }

    private static func hides(_ attribute: (name: String, value: String)) -> Bool {
        switch attribute.name {
        case "hidden": true
        case "style":
            attribute.value.lowercased().filter { !$0.isWhitespace }.contains("display:none")
        default: false
        }
    }

    /// - Source: https://html.spec.whatwg.org/multipage/parsing.html#before-attribute-name-state
    private static func attribute(_ bytes: [UInt8], at index: inout Int) -> (name: String, value: String)? {
        let start = index
        index += 1
        while index < bytes.count, !isNameEnd(bytes[index]), bytes[index] != UInt8(ascii: "=") { index += 1 }
        let name = String(decoding: bytes[start..<index], as: UTF8.self).lowercased()
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        guard index < bytes.count else { return nil }
        guard bytes[index] == UInt8(ascii: "=") else { return (name, "") }
        index += 1
        while index < bytes.count, isSpace(bytes[index]) { index += 1 }
        guard index < bytes.count else { return nil }
        let quote = bytes[index]
        var end = index
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            index += 1
            guard let close = bytes[index...].firstIndex(of: quote) else { return nil }
            end = close
            defer { index = close + 1 }
            return (name, String(decoding: bytes[index..<end], as: UTF8.self))
        }
        while end < bytes.count, !isSpace(bytes[end]), bytes[end] != UInt8(ascii: ">") { end += 1 }
        defer { index = end }
        return (name, String(decoding: bytes[index..<end], as: UTF8.self))
    }

    static func isNameEnd(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">")
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B
    }

    static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}

extension HTMLTag {
    /// Elements whose contents are shown to nobody who reads, and are text for the parser up to their end tags.
    static let raw: Set<String> = ["script", "style", "iframe", "noembed", "noframes", "noscript", "xmp"]
    /// Elements without contents.
    static let void: Set<String> = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    ]
    /// Elements with contents that are not shown as text.
    static let unseen: Set<String> = ["template", "object", "audio", "video", "canvas", "svg", "select", "datalist"]
    /// Elements with an empty line before and behind them.
    static let paragraphs: Set<String> = [
        "address", "article", "aside", "blockquote", "body", "details", "dl", "fieldset", "figure", "footer", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "main", "menu", "nav", "ol", "p", "pre",
        "section", "table", "ul",
    ]
    /// Elements that begin and end a line.
    static let lines: Set<String> = [
        "caption", "center", "dd", "div", "dt", "figcaption", "legend", "li", "optgroup", "option", "summary", "tbody",
        "tfoot", "thead", "tr",
    ]
    /// Elements whose end tags may be left out: any tag of a block ends what they hide.
    static let endsByItself: Set<String> = ["p", "li", "dt", "dd", "tr", "td", "th", "option", "optgroup"]
}
