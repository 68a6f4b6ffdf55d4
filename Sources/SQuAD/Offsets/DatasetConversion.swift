import Files

/// Writes a dataset of any format and size as a SQuAD document, a paragraph at a time.
public struct DatasetConversion: Sendable {
    /// What was read and written.
    public struct Summary: Sendable, Hashable {
        /// The number of questions that were written.
        public fileprivate(set) var questions = 0
        /// The number of paragraphs that were written.
        public fileprivate(set) var paragraphs = 0
        /// The number of articles that were written.
        public fileprivate(set) var articles = 0
        /// What was repaired, in the order of the file.
        public fileprivate(set) var changes: [DatasetRepair.Change] = []
        /// What is wrong with questions that were written; nothing after a repair.
        public fileprivate(set) var problems: [DatasetProblem] = []
        /// What the file that was read is like.
        package let extent: DatasetExtent
    }

    private let path: String
    private var repair: DatasetRepair?
    private var findings: DatasetFindings
    private var summary: Summary
    private var isVersion2 = false
    /// Whether the article that is walked through has a paragraph that is written.
    private var isArticleOpen = false

    /// Converts a file.
    ///
    /// - Parameters:
    ///   - path: the dataset to read.
    ///   - output: the file to write, which appears whole or not at all; it may be the one that is read.
    ///   - repairing: whether `DatasetRepair` goes over it.
    ///   - progress: is called with the bytes that were read and the file's size.
    /// - Throws: `DatasetError` for a file that cannot be read or of which no question is left, `FileError` for one
    ///   that cannot be written.
    public static func convert(
        _ path: String, to output: String, repairing: Bool, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> Summary {
        let extent = try DatasetExtent(path: path)
        var conversion = DatasetConversion(path: path, repairing: repairing, extent: extent)
        let stream = try ParagraphStream(path: path)
        try DatasetWriter.write(to: output) { writer in try conversion.run(stream, &writer, progress) }
        return conversion.summary
    }

    private init(path: String, repairing: Bool, extent: DatasetExtent) {
        self.path = DatasetFile.name(path)
        let (unit, isUnlabelled) = (extent.unit, extent.isUnlabelled)
        repair = repairing ? DatasetRepair(unit: unit, isUnlabelled: isUnlabelled) : nil
        findings = DatasetFindings(unit: unit, isUnlabelled: isUnlabelled)
        summary = Summary(extent: extent)
    }

    /// Walks through a file, and returns the version of what was written.
    private mutating func run(
        _ stream: ParagraphStream, _ writer: inout DatasetWriter, _ progress: (Int, Int) -> Void
    ) throws -> String {
        var stream = stream
        while let piece = try stream.nextPiece() {
            switch piece {
            case .paragraph(let paragraph): try write(paragraph, &writer)
            case .article(let title): try endArticle(title, &writer)
            }
            progress(stream.bytesRead, stream.byteCount)
        }
        guard summary.questions > 0 else { throw nothingLeft() }
        summary.problems = findings.problems
        return isVersion2 ? "2.0" : "1.1"
    }

    private mutating func write(_ paragraph: Paragraph, _ writer: inout DatasetWriter) throws {
        var paragraph = paragraph
        if let repaired = repair?.repair(paragraph) {
            summary.changes += repaired.changes
            paragraph = repaired.paragraph
        } else {
            findings.add(paragraph)
        }
        guard !paragraph.questions.isEmpty else { return }
        try writer.add(paragraph)
        isArticleOpen = true
        isVersion2 = isVersion2 || paragraph.questions.contains { $0.isImpossible != nil }
        summary.paragraphs += 1
        summary.questions += paragraph.questions.count
    }

    private mutating func endArticle(_ title: String, _ writer: inout DatasetWriter) throws {
        guard isArticleOpen else { return }
        isArticleOpen = false
        summary.articles += 1
        try writer.endArticle(title: title)
    }

    private func nothingLeft() -> DatasetError {
        guard let first = summary.changes.first else { return DatasetError.withoutQuestions(path) }
        return DatasetError(path: path, message: "no usable question is left; the first: \(first)")
    }
}
