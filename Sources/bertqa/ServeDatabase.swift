import Files
import Foundation
import Logging
import PostgreSQL
import QAServer

/// Where `bertqa serve` stores documents.
enum ServeDatabase {
    /// The default of version 0.1, in whatever folder the server was started.
    private static let earlierDefault = "bertqa-documents.sqlite"

    /// What `--database` asks for; nil is the user's data folder.
    static func place(_ option: String?, logger: Logger) -> DocumentPlace {
        if let option {
            if DatabaseURL.isMeant(by: option) { return .postgresql(option) }
            return option == "none" || option == ":memory:" ? .memory : .file(option)
        }
        let path = defaultPath
        if FileManager.default.fileExists(atPath: earlierDefault), !FileManager.default.fileExists(atPath: path) {
            logger.warning(
                "this folder has a database of an earlier version, which is not used unless --database names it",
                metadata: ["file": "\(earlierDefault)"])
        }
        do {
            try makePrivateFolder(PathParts.parent(of: path))
            return .file(path)
        } catch {
            return nowhere(error)
        }
    }

    /// No documents, because of an error of the default place.
    static func nowhere(_ error: any Error) -> DocumentPlace {
        .nowhere(reason: "\(error); start it with --database FILE, or with --database none to keep them in memory")
    }

    /// `$XDG_DATA_HOME/bertqa/documents.sqlite`.
    ///
    /// - Source: https://specifications.freedesktop.org/basedir-spec/latest/
    static var defaultPath: String {
        let environment = ProcessInfo.processInfo.environment
        // The specification says to ignore relative paths.
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return "\(data)/bertqa/documents.sqlite" }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        #if canImport(Darwin)
            return "\(home)/Library/Application Support/bertqa/documents.sqlite"
        #else
            return "\(home)/.local/share/bertqa/documents.sqlite"
        #endif
    }

    private static func makePrivateFolder(_ path: String) throws(FileError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FileError(path: path, message: "the folder cannot be created: \(FileError.reason(error))")
        }
    }
}
