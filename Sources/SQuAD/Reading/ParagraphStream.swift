import Files

/// The paragraphs of a dataset's file one after another, for files of any size: only the paragraph that is handed out
/// is in memory.
///
/// The file is mapped; pages that were walked through are released. `Dataset(path:)` reads the same way and keeps
/// everything.
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

    /// How many of the questions so far have no id of their own and are called by their number in the file.
    package var namelessQuestions: Int { walk.namelessQuestions }

    /// How many bytes are walked through before their pages are released.
    private static let window = 8 << 20

    /// A stream at the start of a file.
    ///
    /// - Parameter path: of a file or a named pipe; `-` is standard input.
    /// - Throws: `DatasetError` for a file that cannot be read.
    package init(path: String) throws(DatasetError) {
        file = try DatasetFile.map(path)
        walk = try DatasetWalk(path: DatasetFile.name(path), bytes: file.bytes)
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
