import Files
import StrictJSON

/// Writes a SQuAD document paragraph by paragraph, so that a dataset of any size needs no tree.
///
/// A title stands behind the paragraphs of its article, and the version at the end: a walk through a file only knows
/// them then.
struct DatasetWriter {
    /// What is open, and whether anything stands in it yet.
    private enum Place {
        case document(isEmpty: Bool)
        case article(isEmpty: Bool)
    }

    private let output: FileOutput
    private var place = Place.document(isEmpty: true)

    /// Writes a file that appears whole or not at all.
    ///
    /// - Parameter body: adds paragraphs and ends articles, and returns the version.
    /// - Throws: `FileError` with the system's reason where it cannot be written, or what else `body` throws.
    static func write(
        to path: String, _ body: (inout DatasetWriter) throws -> String?
    ) throws {
        // What the walk throws is told as it is, not as an error of the file that is written.
        var failure: (any Error)?
        do {
            try DurableFiles.replace(path) { output in
                var writer = DatasetWriter(output)
                do {
                    let version = try body(&writer)
                    try writer.finish(version: version)
                } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            if let failure, !(failure is FileError) { throw failure }
            throw error.whileWriting(path)
        }
    }

    private init(_ output: FileOutput) { self.output = output }

    /// Writes a paragraph of the article that is open; the first one opens it.
    mutating func add(_ paragraph: Paragraph) throws(FileError) {
        let separator = openArticle()
        place = .article(isEmpty: false)
        try output.append { buffer in
            buffer += separator.utf8
            buffer += paragraph.json.serialized().utf8
        }
    }

    /// Ends an article, which may have no paragraphs.
    mutating func endArticle(title: String) throws(FileError) {
        var separator = ""
        if case .document = place { separator = openArticle() }
        place = .document(isEmpty: false)
        try output.append { buffer in
            buffer += "\(separator)], \"title\": ".utf8
            buffer += JSONValue.string(title).serialized().utf8
            buffer += "}".utf8
        }
    }

    /// What stands before a paragraph.
    private func openArticle() -> String {
        switch place {
        case .document(let isEmpty): (isEmpty ? "{\"data\": [" : ",\n") + "{\"paragraphs\": ["
        case .article: ",\n"
        }
    }

    private func finish(version: String?) throws(FileError) {
        var end = "]"
        if case .document(isEmpty: true) = place { end = "{\"data\": []" }
        if let version { end += ", \"version\": \(JSONValue.string(version).serialized())" }
        try output.append { $0 += "\(end)}\n".utf8 }
    }
}
