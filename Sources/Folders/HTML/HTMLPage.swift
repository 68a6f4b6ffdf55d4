/// The visible text of an HTML page.
///
/// A page is never refused: what is not well-formed is read as browsers do, as far as the text depends on it.
///
/// - Source: https://html.spec.whatwg.org/multipage/parsing.html
package struct HTMLPage {
    private let bytes: [UInt8]
    private var index = 0
    private var output = HTMLOutput()
    private var title: HTMLOutput?
    private var isInTitle = false
    /// The element that hides what is in it, and how many of its name are open.
    private var hiding: (name: String, depth: Int)?

    /// Reads a page.
    ///
    /// - Returns: its text, and its title if it has one.
    package static func read(_ page: String) -> (text: String, title: String?) {
        var reading = HTMLPage(bytes: Array(page.utf8))
        reading.run()
        let title = reading.title.map { String(decoding: $0.bytes, as: UTF8.self) }
        return (String(decoding: reading.output.bytes, as: UTF8.self), title.flatMap { $0.isEmpty ? nil : $0 })
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "<"): markup()
            case UInt8(ascii: "&"):
                let reference = HTMLReference.read(bytes, at: index)
                for scalar in reference.text.unicodeScalars { show { $0.append(scalar) } }
                index = reference.end
            default:
                let end = bytes[index...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }
                let text = bytes[index..<(end ?? bytes.count)]
                show { $0.append(text) }
                index = text.endIndex
            }
        }
    }

    /// Gives text to where it belongs.
    private mutating func show(_ body: (inout HTMLOutput) -> Void) {
        if isInTitle {
            var text = title ?? HTMLOutput()
            body(&text)
            title = text
        } else if hiding == nil {
            body(&output)
        }
    }

    private mutating func markup() {
        let next = index + 1 < bytes.count ? bytes[index + 1] : 0
        let afterNext = index + 2 < bytes.count ? bytes[index + 2] : 0
        if HTMLTag.isLetter(next) || (next == UInt8(ascii: "/") && HTMLTag.isLetter(afterNext)) {
            guard let (tag, end) = HTMLTag.read(bytes, at: index) else {
                index = bytes.count
                return
            }
            index = end
            apply(tag)
        } else if isComment {
            skipComment()
        } else if next == UInt8(ascii: "!") || next == UInt8(ascii: "?") || next == UInt8(ascii: "/") {
            index = (bytes[index...].firstIndex(of: UInt8(ascii: ">")) ?? bytes.count - 1) + 1
        } else {
            show { $0.append("<") }
            index += 1
        }
    }

    private var isComment: Bool { bytes[index...].starts(with: "<!--".utf8) }

    private mutating func skipComment() {
        // `<!-->` is a whole comment.
        index += 2
        while let end = bytes[index...].firstIndex(of: UInt8(ascii: ">")) {
            let before = bytes[index..<end]
            index = end + 1
            if before.suffix(2).elementsEqual("--".utf8) || before.suffix(3).elementsEqual("--!".utf8) { return }
        }
        index = bytes.count
    }

    private mutating func apply(_ tag: HTMLTag) {
        if !tag.isEnd, HTMLTag.raw.contains(tag.name) { return skipRaw(tag.name) }
        if tag.name == "title" {
            // A later title is that of a picture.
            if !tag.isEnd, title == nil, hiding == nil { isInTitle = true } else if tag.isEnd { isInTitle = false }
            return
        }
        if isInTitle { return }
        if hides(tag) { return }
        if tag.name == "pre" { output.isVerbatim = !tag.isEnd }
        if HTMLTag.paragraphs.contains(tag.name) {
            output.endParagraph()
        } else if HTMLTag.lines.contains(tag.name) || tag.name == "br" {
            output.endLine()
        } else if tag.name == "td" || tag.name == "th" {
            output.endWord()
        }
    }

    /// Keeps count of elements that are not shown.
    ///
    /// - Returns: whether the tag is in one, or begins or ends one.
    private mutating func hides(_ tag: HTMLTag) -> Bool {
        guard let (name, depth) = hiding else {
            guard !tag.isEnd, !HTMLTag.void.contains(tag.name) else { return false }
            guard tag.isHidden || HTMLTag.unseen.contains(tag.name) else { return false }
            hiding = (tag.name, 1)
            return true
        }
        if HTMLTag.endsByItself.contains(name) {
            guard HTMLTag.paragraphs.contains(tag.name) || HTMLTag.lines.contains(tag.name) || tag.name == name else {
                return true
            }
            hiding = nil
            return !tag.isEnd && tag.isHidden ? hides(tag) : false
        }
        guard tag.name == name else { return true }
        let open = depth + (tag.isEnd ? -1 : 1)
        hiding = open > 0 ? (name, open) : nil
        return true
    }

    /// Goes behind the end tag of an element whose contents are not markup.
    private mutating func skipRaw(_ name: String) {
        let beginning = Array("</\(name)".utf8)
        while let start = bytes[index...].firstIndex(of: UInt8(ascii: "<")) {
            index = start + 1
            let found = bytes[start...].prefix(beginning.count)
            guard found.endIndex < bytes.count, HTMLTag.isNameEnd(bytes[found.endIndex]),
                zip(found, beginning).allSatisfy({ Self.lowercase($0) == $1 })
            else { continue }
            index = HTMLTag.read(bytes, at: start)?.end ?? bytes.count
            return
        }
        index = bytes.count
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
