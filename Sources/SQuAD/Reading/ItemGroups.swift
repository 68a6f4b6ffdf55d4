/// What a file's records are handed out as.
enum DatasetItem {
    /// A paragraph of an article that ends with `article`.
    case paragraph(Paragraph)
    /// The end of an article, whose paragraphs came before.
    case article(title: String)
    /// A paragraph or a row by itself, with what it says of its title.
    case loose(Paragraph, title: String)
}

/// Hands out a file's records one after another.
protocol ItemSource {
    /// The next record; nil at the end of the file.
    mutating func next() throws(DatasetError) -> DatasetItem?
    /// How many bytes were walked through.
    var byteOffset: Int { get }
    /// What the file says of its version so far.
    var version: String? { get }
    /// How many of the questions so far have no id of their own and are called by their number.
    var namelessQuestions: Int { get }
}

/// Puts rows together: those that follow one another and have one context are a paragraph, paragraphs that follow one
/// another and have one title an article. Without a title each paragraph is an article of its own.
struct ItemGroups {
    private(set) var source: any ItemSource
    /// The record that was looked at and belongs to what comes next.
    private var pending: DatasetItem?
    private var hasBegun = false
    /// The title of the article that ended with the last paragraph.
    private var ended: String?

    init(_ source: any ItemSource) { self.source = source }

    /// What comes next: the paragraphs of an article, then the article; nil at the end of the file.
    mutating func next() throws(DatasetError) -> DatasetPiece? {
        if let title = ended {
            ended = nil
            return .article(title: title)
        }
        if !hasBegun {
            hasBegun = true
            pending = try source.next()
        }
        guard let item = pending else { return nil }
        switch item {
        case .paragraph(let paragraph):
            pending = try source.next()
            return .paragraph(paragraph)
        case .article(let title):
            pending = try source.next()
            return .article(title: title)
        case .loose(var paragraph, let title):
            pending = try source.next()
            while case .loose(let next, let other) = pending, other.isSame(as: title),
                next.context.isSame(as: paragraph.context)
            {
                paragraph.questions += next.questions
                pending = try source.next()
            }
            ended = title
            if case .loose(_, let other) = pending, !title.isEmpty, other.isSame(as: title) { ended = nil }
            return .paragraph(paragraph)
        }
    }
}

extension String {
    /// Whether both are the same byte for byte.
    fileprivate func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
