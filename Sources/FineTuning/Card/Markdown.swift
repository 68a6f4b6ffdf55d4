import StrictJSON

/// Escapes untrusted texts for a Markdown document: names of files and folders may have any characters.
enum Markdown {
    /// A text in one line: line breaks and other control characters become spaces.
    static func line(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format: " "
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A text that is shown as it is: a code span behind as many backticks as it needs.
    ///
    /// - Source: CommonMark 0.31, section 6.1.
    static func code(_ text: String) -> String {
        let text = line(text)
        let longest = text.split(whereSeparator: { $0 != "`" }).map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        let space = text.hasPrefix("`") || text.hasSuffix("`") || text.isEmpty ? " " : ""
        return fence + space + text + space + fence
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

    /// A table. Bars in its cells are escaped, even in code spans.
    ///
    /// - Source: GitHub Flavored Markdown 0.29, section 4.10.
    static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { row in
            "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }
}
