import Console
import Files
import Foundation
import PostgreSQL
import QuestionAnswering
import Retrieval
import StrictJSON

/// A question that is asked of the texts of a folder.
struct FolderQuestion {
    let folder: String
    /// What `--database` names; nil is a file in the user's cache.
    let database: String?
    /// The language of the texts; nil is what their index has.
    let language: SearchLanguage?

    /// Passages that are read for a question, as `bertqa serve` does.
    private static let passages = 10

    /// An answer and where it is.
    struct Found {
        let answer: Answer
        /// nil if there is no answer.
        let passage: StoredPassage?
    }

    /// Reads what is new in the folder; what is left out is named on standard error.
    ///
    /// - Throws: `FileError`, `DocumentStoreError`.
    func index(_ interrupt: InterruptFlag) async throws -> any DocumentStore {
        let place = try database ?? Self.cachePath(folder)
        var index = FolderIndex(store: try DatabaseOption.open(place, language), folder: folder, collection: collection)
        index.isShared = DatabaseURL.isMeant(by: place)
        let report = try await index.update(interrupt)
        if !report.problems.isEmpty {
            StandardError.write("\(Figures.count(report.problems.count, "file")) of \(folder) left out\n")
        }
        return index.store
    }

    /// The best answers.
    ///
    /// - Throws: `DocumentStoreError`, `ReaderError`.
    func answers(
        to question: String, count: Int, _ reader: Reader, _ store: any DocumentStore
    ) async throws -> [Found] {
        let filter = try DocumentFilter(.object(JSONObject([("collection", .string(collection))])))
        let found = try await PassageFinder(store: store).passages(
            for: question, vector: nil, filter: filter, limit: Self.passages)
        var options = AnswerOptions()
        (options.count, options.distinctPlaces) = (count, true)
        let questions = try found.map { passage in
            try reader.prepare(question, about: reader.prepare(passage.passage.text), options: options)
        }
        let readings = try await reader.readings(of: questions)
        let fits = found.map { PassageFit(bm25: $0.bm25, cosine: $0.cosine) }
        return reader.answers(to: questions, from: readings, fits: fits, ranking: reader.ranking).map { answer in
            Found(answer: answer.answer, passage: answer.passage.map { found[$0].passage })
        }
    }

    private var collection: String { FolderIndex.name(of: folder) }

    /// A file for each folder, where the system keeps what can be made again.
    private static func cachePath(_ folder: String) throws(FileError) -> String {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        var cache = "\(home)/.cache"
        #if canImport(Darwin)
            cache = "\(home)/Library/Caches"
        #endif
        if let given = environment["XDG_CACHE_HOME"], given.hasPrefix("/") { cache = given }
        let place = "\(cache)/bertqa/folders"
        do {
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FileError(
                path: place, message: "the folder cannot be made: \(FileError.reason(error)); name a --database")
        }
        return "\(place)/\(FileDigest.sha256(of: folder).prefix(32)).sqlite"
    }
}

extension FolderQuestion.Found {
    /// The answer as JSON; its place counts in the document.
    var json: JSONValue {
        let base = passage?.passage.scalarStart ?? 0
        return .object(
            JSONObject([
                ("answer", .string(answer.text)), ("score", .double(answer.score)),
                ("start", .int(base + answer.range.lowerBound)), ("end", .int(base + answer.range.upperBound)),
                ("document", passage.map { .string($0.document.text) } ?? .null),
                ("title", passage?.title.map { .string($0) } ?? .null),
                ("passage", passage.map { .string($0.text) } ?? .null),
            ]))
    }

    /// The answer and its document on one line.
    var line: String {
        let score = "(score \(Figures.fixed(answer.score, 3)))"
        guard let passage else { return "(no answer in the texts)  \(score)" }
        return "\(answer.text)  \(score)  \(passage.document.text)"
    }
}
