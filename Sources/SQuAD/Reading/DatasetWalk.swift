import StrictJSON

/// What a walk through a dataset's file hands out.
enum DatasetPiece {
    case paragraph(Paragraph)
    /// The end of an article, whose paragraphs came before.
    case article(title: String)
}

/// Walks once through a dataset's file, whatever its format.
struct DatasetWalk {
    private var groups: ItemGroups

    /// A walk at the start of a file.
    ///
    /// - Parameter path: what messages call the file.
    /// - Parameter bytes: the file, which stays alive while the walk is used.
    init(path: String, bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        let reader = JSONReader(bytes)
        switch DatasetFormat(of: bytes) {
        case .objects: groups = ItemGroups(JSONWalk(path: path, reader: reader, isIndexed: false))
        case .index: groups = ItemGroups(JSONWalk(path: path, reader: reader, isIndexed: true))
        case .columns: groups = ItemGroups(try ColumnRows.items(path: path, reader: reader))
        case .split: groups = ItemGroups(try ListRows.split(path: path, reader: reader))
        case .values: groups = ItemGroups(try ListRows.values(path: path, reader: reader))
        case .table(let separator):
            groups = ItemGroups(try CSVRows.items(CSVReader(path: path, bytes: bytes, separator: separator)))
        }
    }

    /// How many bytes were walked through.
    var byteOffset: Int { groups.source.byteOffset }

    /// How many of the questions so far are called by their number.
    var namelessQuestions: Int { groups.source.namelessQuestions }

    /// What comes next: the paragraphs of an article, then the article; nil at the end of the file.
    mutating func next() throws(DatasetError) -> DatasetPiece? { try groups.next() }

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
        var dataset = Dataset(version: groups.source.version, articles: articles)
        dataset.namelessQuestions = namelessQuestions
        return dataset
    }
}
