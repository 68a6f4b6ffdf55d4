/// The title that a Markdown file gives itself.
enum MarkdownTitle {
    /// Lines of a file in which its title is looked for.
    private static let lines = 200

    /// The first heading of the first level, outside blocks of code; nil if there is none near the beginning.
    static func find(in text: String) -> String? {
        var fence: Character?
        var previous: Substring?
        for line in text.split(separator: "\n", maxSplits: lines, omittingEmptySubsequences: false).prefix(lines) {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("```") || line.hasPrefix("~~~") {
                if fence == nil { fence = line.first } else if fence == line.first { fence = nil }
            }
            guard fence == nil else { continue }
            if line.hasPrefix("# ") { return cleaned(line.dropFirst(2)) }
            let underline = line.filter { !$0.isWhitespace }
            if !underline.isEmpty, underline.allSatisfy({ $0 == "=" }), let previous { return cleaned(previous) }
            previous = line.contains { !$0.isWhitespace } ? line : nil
        }
        return nil
    }

    private static func cleaned(_ heading: Substring) -> String? {
        var words = heading.split { $0.isWhitespace }
        while let last = words.last, last.allSatisfy({ $0 == "#" }) { words.removeLast() }
        let title = words.joined(separator: " ")
        return title.isEmpty ? nil : title
    }
}
