import ArgumentParser
import Console
import Files
import Folders
import Foundation
import Logging
import PostgreSQL
import QAServer
import Retrieval
import StrictJSON

/// `bertqa index`
struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Store the texts of a folder as documents that questions are asked of.",
        discussion: """
            Reads .txt, .md and .html, .pdf where pdftotext is installed and .docx where pandoc is, in the folder and \
            all folders below. Run it again after changes: only files that have changed are read, and documents whose \
            files are gone are removed. Each file that cannot be read is named, and the exit code is then 65; the \
            others are stored all the same.

              bertqa index notes --database notes.sqlite
              bertqa serve --model run --database notes.sqlite
            """)

    @Argument(help: "The folder.", completion: .directory)
    var folder: String

    @Option(
        help: ArgumentHelp(
            DatabaseOption.help + ". (default: that of bertqa serve, in the user's data folder)",
            valueName: "file|url"), completion: .file())
    var database: String?

    @Option(
        help: ArgumentHelp(
            "The folder's name in the database: documents' ids begin with it. (default: the folder's own name)",
            valueName: "name"))
    var collection: String?

    @Option(
        help: ArgumentHelp(
            "What all these documents get as metadata, for filters; repeat the option for more.",
            valueName: "name=value"))
    var metadata: [String] = []

    @Option(help: .searchLanguage)
    var language: SearchLanguage?

    @Flag(
        help: ArgumentHelp(
            "Take this folder for the collection's, which had another path before. In a file that is seen by itself: "
                + "the other folder is gone."))
    var moved = false

    @Flag(help: "Follow symbolic links that lead out of the folder.")
    var followLinks = false

    @Option(help: ArgumentHelp("Bytes of the longest text that is read.", valueName: "bytes"))
    var maxFileBytes = FolderReader.Limits().textBytes

    @Option(help: ArgumentHelp("Seconds that pdftotext or pandoc may take for one file.", valueName: "seconds"))
    var convertSeconds = FolderReader.Limits().seconds

    @Flag(help: "Print what was done as one JSON object.")
    var json = false

    func validate() throws {
        try DatabaseOption.validate(database)
        if let database, database == "none" || database == ":memory:" {
            throw ValidationError("--database \(database) keeps nothing; name a file")
        }
        if maxFileBytes < 1 { throw ValidationError("--max-file-bytes \(maxFileBytes) must be at least 1") }
        if !(1...86_400).contains(convertSeconds) {
            throw ValidationError("--convert-seconds \(convertSeconds) must be from 1 to 86400")
        }
        _ = try fields()
    }

    func run() async throws {
        try await reportingErrors("index") {
            let folder = try FolderIndex.wholePath(folder)
            let start = ContinuousClock.now
            let name = collection ?? FolderIndex.name(of: folder)
            var index = FolderIndex(
                store: try DatabaseOption.open(place(), language), folder: folder, collection: name)
            index.metadata = try fields()
            (index.limits.textBytes, index.limits.seconds) = (maxFileBytes, convertSeconds)
            (index.followsLinksOut, index.isMoved) = (followLinks, moved)
            index.isShared = DatabaseURL.isMeant(by: database ?? "")
            let report = try await index.update(InterruptFlag(watchingSignals: true))
            let seconds = start.duration(to: .now) / .seconds(1)
            try writeOutput(
                json
                    ? report.json(name, seconds: seconds).serialized()
                    : report.text(name, seconds: seconds))
            if report.isInterrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
            if !report.problems.isEmpty { throw ExitCode(ExitStatus.data.rawValue) }
        }
    }

    private func place() throws -> String {
        if let database { return database }
        switch ServeDatabase.place(nil, logger: Logger(label: "bertqa")) {
        case .file(let path): return path
        case .nowhere(let reason): throw ValidationError(reason)
        case .memory, .postgresql: preconditionFailure("the default place is a file")
        }
    }

    private func fields() throws -> JSONObject {
        var members: [(String, JSONValue)] = []
        for text in metadata {
            guard let mark = text.firstIndex(of: "=") else {
                throw ValidationError("--metadata \(text): write it as name=value")
            }
            members.append((String(text[..<mark]), .string(String(text[text.index(after: mark)...]))))
        }
        let names = Set(members.map { ExactString($0.0) })
        guard names.count == members.count else { throw ValidationError("--metadata gives a name twice") }
        if let name = members.first(where: { FolderIndexing.ownMetadata.contains($0.0) })?.0 {
            throw ValidationError(
                "--metadata \(name): all documents of a folder have one of their own; take another name")
        }
        if let name = collection {
            do { _ = try DocumentID(name) } catch { throw ValidationError("--collection \(name): \(error)") }
        }
        do {
            return try DocumentFields(title: nil, source: nil, metadata: .object(JSONObject(members))).metadata
        } catch { throw ValidationError("--metadata: \(error)") }
    }
}
