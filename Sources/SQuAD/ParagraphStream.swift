import Files

/// The paragraphs of a dataset's file one after another, for files of any size: only the paragraph that is handed out is in memory.
///
/// The file is mapped; pages that were walked through are given back. `Dataset(path:)` reads the same way and keeps everything.
package struct ParagraphStream {
    private let file: MappedFile
    private var walk: DatasetWalk
    private var released = 0
    /// The number of articles that were walked through.
    package private(set) var articleCount = 0

    /// The file's size in bytes.
    package var byteCount: Int { file.bytes.count }
    /// How many of its bytes were walked through.
    package var bytesRead: Int { walk.byteOffset }

    /// How many bytes are walked through before their pages are given back.
    private static let window = 8 << 20

    /// A stream at the start of a file.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read.
    package init(path: String) throws(DatasetError) {
        file = try Dataset.map(path)
        walk = DatasetWalk(path: path, bytes: file.bytes)
    }

    /// The next paragraph; nil at the end of the file.
    ///
    /// - Throws: `DatasetError` as `Dataset(path:)` does, once the walk has come there.
    package mutating func next() throws(DatasetError) -> Paragraph? {
        while let piece = try nextPiece() {
            if case .paragraph(let paragraph) = piece { return paragraph }
        }
        return nil
    }

    /// The next paragraph or the end of an article; nil at the end of the file.
    mutating func nextPiece() throws(DatasetError) -> DatasetPiece? {
        defer { withExtendedLifetime(file) {} }
        let piece = try walk.next()
        if walk.byteOffset - released > Self.window {
            released = walk.byteOffset
            file.release(upTo: released)
        }
        if case .article = piece { articleCount += 1 }
        return piece
    }
}

/// What one walk through a dataset tells: that it is whole, and how much there is to read.
package struct DatasetExtent: Sendable, Hashable {
    /// The number of questions.
    package private(set) var questions = 0
    /// The sum of `work(_:)` over all paragraphs.
    package private(set) var work = 0

    /// Walks through a file without keeping anything.
    ///
    /// - Throws: `DatasetError` as `Dataset(path:)` does.
    package init(path: String) throws(DatasetError) {
        var stream = try ParagraphStream(path: path)
        while let paragraph = try stream.next() {
            questions += paragraph.questions.count
            work += Self.work(paragraph)
        }
        guard questions > 0 else { throw DatasetError.withoutQuestions(path) }
    }

    /// What it takes to answer a paragraph's questions: the bytes of each question and of the text it is asked about.
    static func work(_ paragraph: Paragraph) -> Int {
        paragraph.questions.reduce(0) { $0 + paragraph.context.utf8.count + $1.question.utf8.count }
    }
}
