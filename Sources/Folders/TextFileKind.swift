/// The kinds of files whose text can be read, by the end of their names.
package enum TextFileKind: String, Sendable, CaseIterable {
    case plain
    case markdown
    case html
    /// Read by `pdftotext`, where it is installed.
    case pdf
    /// Read by `pandoc`, where it is installed.
    case docx

    /// Counted up when a kind's files give another text than before, so that they are read again.
    static let version = 1

    /// Ends of names, in lower case and without the dot.
    package var extensions: [String] {
        switch self {
        case .plain: ["txt"]
        case .markdown: ["md", "markdown"]
        case .html: ["html", "htm"]
        case .pdf: ["pdf"]
        case .docx: ["docx"]
        }
    }

    /// The kind of a file; nil for one that is not read.
    package init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: "."), dot > fileName.startIndex else { return nil }
        let end = fileName[fileName.index(after: dot)...].lowercased()
        guard let kind = Self.allCases.first(where: { $0.extensions.contains(end) }) else { return nil }
        self = kind
    }
}

/// A file whose text is not read, and why.
package struct FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file below the folder, or a folder with `/` at its end.
    package let path: String
    /// What is wrong and, where something helps, what to do.
    package let reason: String

    /// A problem of a file.
    package init(path: String, reason: String) {
        (self.path, self.reason) = (path, reason)
    }

    /// One line for the user.
    package var description: String { "\(Self.visible(path)): \(reason)" }

    /// A text of others on one line, which cannot make a terminal do something.
    static func visible(_ text: some StringProtocol) -> String {
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : "\($0)" }
            .joined()
    }
}

/// The text of a file.
package struct FileText: Sendable, Hashable {
    /// What a reader sees.
    package let text: String
    /// The title that the file gives itself.
    package let title: String?

    /// A text as a file gives it.
    package init(text: String, title: String?) {
        (self.text, self.title) = (text, title)
    }
}
