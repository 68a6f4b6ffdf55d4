import StrictJSON

/// Texts of unknown origin as parts of a Markdown document: names of files and folders may have any characters.
enum Markdown {
    /// A text in one line: line breaks and other control characters become spaces.
    static func line(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format: Unicode.Scalar(0x20)
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A text that is shown as it is, also within a table: a code span behind as many backticks as it needs.
    ///
    /// - Source: CommonMark 0.31, section 6.1; GitHub's tables want a bar escaped even there.
    static func code(_ text: String) -> String {
        let text = line(text)
        let longest = text.split(whereSeparator: { $0 != "`" }).map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        let space = text.hasPrefix("`") || text.hasSuffix("`") || text.isEmpty ? " " : ""
        return fence + space + text.replacing("|", with: "\\|") + space + fence
    }

    /// A text as a heading's: marks of Markdown and HTML stand for themselves.
    static func plain(_ text: String) -> String {
        line(text).replacing(/[\\`*_{}\[\]()<>#+!|&~]/) { "\\\($0.0)" }
    }

    /// A text as a string of Python.
    static func python(_ text: String) -> String { JSONValue.string(line(text)).serialized() }

    /// A text as one word of a shell's command line.
    static func shell(_ text: String) -> String {
        let text = line(text)
        if text.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.\/-]*/) != nil { return text }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// A table.
    static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
            .joined(separator: "\n")
    }
}
