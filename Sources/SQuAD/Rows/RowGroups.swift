/// What hands out rows one after another.
protocol RowSource {
    /// The next row; nil at the end of the file.
    mutating func next() throws(DatasetError) -> Row?
    /// How many bytes were walked through.
    var byteOffset: Int { get }
}

/// Rows as paragraphs and articles: those that follow one another and have one context are a paragraph, paragraphs that follow
/// one another and have one title an article. Without a title each paragraph is an article of its own.
struct RowGroups<Rows: RowSource>: PieceSource {
    private var rows: Rows
    /// The row that was looked at and belongs to the next paragraph.
    private var pending: Row?
    private var hasBegun = false
    /// The title of the article that ended with the last paragraph.
    private var ended: String?

    init(_ rows: Rows) { self.rows = rows }

    var byteOffset: Int { rows.byteOffset }
    /// Rows have no version.
    var version: String? { nil }

    mutating func next() throws(DatasetError) -> DatasetPiece? {
        if let title = ended {
            ended = nil
            return .article(title: title)
        }
        if !hasBegun {
            hasBegun = true
            pending = try rows.next()
        }
        guard let row = pending else { return nil }
        var paragraph = Paragraph(context: row.context, questions: [])
        while let next = pending, next.isAbout(row) {
            paragraph.questions.append(next.question)
            pending = try rows.next()
        }
        if row.title.isEmpty || pending?.title != row.title { ended = row.title }
        return .paragraph(paragraph)
    }
}
