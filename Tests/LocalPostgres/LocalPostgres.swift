import Foundation
import PostgreSQL
import Synchronization

/// A PostgreSQL server in a folder of its own, reached by a socket there, for the tests of this process.
///
/// The server refuses to run as root; then it runs as `nobody`.
package final class LocalPostgres: Sendable {
    private let folder: String
    private let programs: String
    private let process: Mutex<pid_t>

    /// Why the tests that need a server are skipped.
    package static let missing = "PostgreSQL's server (initdb, postgres) or its client library (libpq) is not installed"

    /// Whether there is everything that a server needs.
    package static let isInstalled =
        programs != nil && PostgresConnection.isPossible && (geteuid() != 0 || setpriv != nil)

    /// The server of all tests of this process, which ends with it.
    package static func shared() throws -> LocalPostgres { try server.get() }

    private static let server: Result<LocalPostgres, any Error> = Result {
        let server = try LocalPostgres()
        atexit { LocalPostgres.stopAtExit() }
        return server
    }

    private static func stopAtExit() { (try? server.get())?.remove() }

    private static let setpriv: String? = ["/usr/bin", "/bin"].map { "\($0)/setpriv" }.first { access($0, X_OK) == 0 }

    /// The folder of the server's programs.
    private static let programs: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + versions.map { "/usr/lib/postgresql/\($0)/bin" }).first { folder in
            ["initdb", "postgres"].allSatisfy { access("\(folder)/\($0)", X_OK) == 0 }
        }
    }()

    /// What went wrong.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static let nobody: uid_t = 65534

    /// Makes a cluster of databases and starts its server.
    package init() throws {
        guard let programs = Self.programs else { throw Failure(description: Self.missing) }
        self.programs = programs
        // A socket's path must be short.
        folder = "/tmp/bertqa-postgres-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        if geteuid() == 0, chown(folder, Self.nobody, Self.nobody) != 0 {
            throw Failure(description: "\(folder): \(String(cString: strerror(errno)))")
        }
        process = Mutex(0)
        let arguments = [
            "-D", "\(folder)/data", "-U", "bertqa", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale",
        ]
        let made = try Self.run("\(programs)/initdb", arguments, output: "\(folder)/initdb.log")
        made.waitUntilExit()
        guard made.terminationStatus == 0 else { throw Failure(description: "initdb failed: \(log("initdb.log"))") }
        try start()
    }

    deinit { remove() }

    /// The URL of a new, empty database.
    package func database(encoding: String = "UTF8") throws -> String {
        let name = "test_" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
        try PostgresConnection(DatabaseURL(url("postgres"))).execute(
            "CREATE DATABASE \(name) ENCODING '\(encoding)' TEMPLATE template0")
        return url(name)
    }

    private func url(_ database: String) -> String { "postgresql://bertqa:secret-word@/\(database)?host=\(folder)" }

    /// Starts the server after it was stopped, and waits until it accepts connections.
    package func start() throws {
        let server = try Self.run(
            "\(programs)/postgres",
            [
                "-D", "\(folder)/data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                "max_connections=200", "-c", "log_min_messages=fatal",
            ], output: "\(folder)/server.log")
        process.withLock { $0 = server.processIdentifier }
        for _ in 0..<300 {
            if (try? PostgresConnection(DatabaseURL(url("postgres")))) != nil { return }
            guard server.isRunning else { break }
            usleep(100_000)
        }
        throw Failure(description: "the server does not start: \(log("server.log"))")
    }

    /// Stops the server at once, as a failure of its machine would.
    package func stop() {
        let id = process.withLock { id in
            defer { id = 0 }
            return id
        }
        guard id > 0 else { return }
        kill(id, SIGQUIT)
        for _ in 0..<500 where kill(id, 0) == 0 { usleep(20_000) }
    }

    private func remove() {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func log(_ name: String) -> String {
        (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
    }

    private static func run(_ program: String, _ arguments: [String], output: String) throws -> Process {
        let process = Process()
        let isRoot = geteuid() == 0
        process.executableURL = URL(fileURLWithPath: isRoot ? setpriv ?? program : program)
        let user = ["--reuid", "\(nobody)", "--regid", "\(nobody)", "--clear-groups", program]
        process.arguments = (isRoot ? user : []) + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let log = FileHandle(forWritingAtPath: output)
        (process.standardOutput, process.standardError) = (log, log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }
}
