import StrictJSON

/// What a walk through a dataset's file hands out.
enum DatasetPiece {
    case paragraph(Paragraph)
    /// The end of an article, whose paragraphs came before.
    case article(title: String)
}

/// What hands out a dataset's pieces one after another.
protocol PieceSource {
    /// What comes next: the paragraphs of an article, then the article; nil at the end of the file.
    mutating func next() throws(DatasetError) -> DatasetPiece?
    /// How many bytes were walked through.
    var byteOffset: Int { get }
    /// What the file says of its version so far.
    var version: String? { get }
}

/// Walks once through a dataset's file, whatever its format.
struct DatasetWalk {
    private var source: any PieceSource

    /// A walk at the start of a file.
    ///
    /// - Parameter path: what messages call the file.
    /// - Parameter bytes: the file, which stays alive while the walk is used.
    init(path: String, bytes: UnsafeRawBufferPointer) {
        switch DatasetFormat(of: bytes) {
        case .document: source = DatasetParser(path: path, reader: JSONReader(bytes))
        case .objects(let layout):
            source = RowGroups(JSONRows(path: path, reader: JSONReader(bytes), layout: layout))
        case .table(let separator):
            source = RowGroups(TableRows(CSVReader(path: path, bytes: bytes, separator: separator)))
        }
    }

    /// How many bytes were walked through.
    var byteOffset: Int { source.byteOffset }

    /// What comes next: the paragraphs of an article, then the article; nil at the end of the file.
    mutating func next() throws(DatasetError) -> DatasetPiece? { try source.next() }

    /// The whole dataset, from where the walk stands.
    mutating func dataset() throws(DatasetError) -> Dataset {
        var articles: [Article] = []
        var paragraphs: [Paragraph] = []
        while let piece = try next() {
            switch piece {
            case .paragraph(let paragraph): paragraphs.append(paragraph)
            case .article(let title):
                articles.append(Article(title: title, paragraphs: paragraphs))
                paragraphs = []
            }
        }
        return Dataset(version: source.version, articles: articles)
    }
}
