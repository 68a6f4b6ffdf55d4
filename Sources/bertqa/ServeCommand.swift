import ArgumentParser
import BERT
import Console
import Files
import Foundation
import Logging
import PostgreSQL
import QAServer
import QuestionAnswering
import Retrieval
import Torch
import Tracing

/// `bertqa serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer questions over HTTP, and on a web page.",
        discussion: """
            The address shows a page in a browser. Programs use POST /v1/answer, or POST / as in Hugging Face's \
            inference API; /openapi.json describes the whole API. SIGTERM and Ctrl-C stop the server once every \
            accepted request is answered.

              bertqa serve --model run
              curl 127.0.0.1:8080/v1/answer --json '{"question": "Who?", "context": "It was Ada."}'

            Documents that clients store are kept in bertqa/documents.sqlite in the user's data folder, or in \
            --database. With BERTQA_API_KEY or --api-key-file, requests must send the key (Authorization: Bearer KEY).
            """)

    @Option(help: .models, completion: .directory)
    var model: [String]

    @Option(help: "The address to listen on; 0.0.0.0 accepts other machines.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 8080

    @Option(
        help: ArgumentHelp(
            DatabaseOption.help + "; none keeps them in memory. (default: bertqa/documents.sqlite in the user's data "
                + "folder)", valueName: "file|url"), completion: .file())
    var database: String?

    @Option(
        help: ArgumentHelp(
            "Find passages by this encoder's vectors as well as by words; any model's folder, with or without a head. "
                + "Passages that were stored without vectors get them when the server starts.", valueName: "folder"),
        completion: .directory)
    var embedder: String?

    @Option(help: .searchLanguage)
    var language: SearchLanguage?

    @OptionGroup(title: "Access") var access: ServeAccessOptions
    @Option(
        help: ArgumentHelp(
            "Seconds that accepted requests have after the server is asked to stop; the remaining ones then get "
                + "status 503.",
            valueName: "seconds"))
    var drainSeconds = 30

    @OptionGroup(title: "Limits") var limits: ServeLimitOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("Which log lines to write: debug, info, warning or error.", valueName: "level"))
    var logLevel = LogLevel.info

    @Option(help: "The format of log lines: text, json, or auto, which is text on a terminal.")
    var logFormat = LogFormat.auto

    /// Those of a dozen sizes of batch: more take memory and save no time that could be measured (docs/lab/serving.md).
    private static let keptProducts = 64

    func validate() throws {
        try DatabaseOption.validate(database)
        if !(0...86_400).contains(drainSeconds) {
            throw ValidationError("--drain-seconds \(drainSeconds) must be from 0 to 86400")
        }
        if !(0...65535).contains(port) { throw ValidationError("--port \(port) must be from 0 to 65535") }
    }

    func run() async throws {
        try await reportingErrors("serve") {
            try options.apply()
            try Runtime.keepProducts(Self.keptProducts)
            let key = try apiKey()
            let folders = try await ModelSource.folders(model, allowsPickle: options.allowPickle)
            // The server listens while it loads the models; a folder without a model is reported before.
            try check(folders)
            let logger = makeLogger()
            warnIfOpen(key, logger)
            // Every connection is a file; systems often start with 1024.
            System.raiseOpenFileLimit(to: 65_536)
            let encoder = try await encoder()
            let server = try server(folders, encoder, key: key, logger: logger)
            logger.info("the model is read into memory; changed files take effect after a restart")
            let host = host.contains(":") ? "[\(host)]" : host
            try await server.run { port in
                logger.info("listening", metadata: ["url": "http://\(host):\(port)/"])
            }
            logger.info("stopped")
        }
    }

    private func check(_ folders: [String]) throws {
        for folder in folders {
            _ = try ModelDirectory(path: folder)
            if options.precision == .int8 { try QuantizationRecord.check(folder) }
        }
    }

    private func makeLogger() -> Logger {
        let (level, asJSON) = (logLevel.level, logFormat.isJSON)
        let logger = Logger(label: "bertqa") { _ in LogLines(level: level, asJSON: asJSON) }
        if level <= .debug { InstrumentationSystem.bootstrap(LogTracer(logger: logger)) }
        return logger
    }

    private func warnIfOpen(_ key: APIKey?, _ logger: Logger) {
        guard key == nil, !["127.0.0.1", "::1", "localhost"].contains(host) else { return }
        logger.warning(
            "no API key is set: anybody who can reach this address can use the server", metadata: ["host": "\(host)"])
    }

    /// The server; without documents where the default place for them cannot be written.
    private func server(
        _ folders: [String], _ encoder: PassageEncoder?, key: APIKey?, logger: Logger
    ) throws -> AnswerServer {
        var serverOptions = serverOptions(folders, key: key)
        (serverOptions.language, serverOptions.encoder) = (language, encoder)
        serverOptions.documents = ServeDatabase.place(database, logger: logger)
        let readerOptions = window.reader(options, noAnswer, decoding)
        func make() throws(DocumentStoreError) -> AnswerServer {
            try AnswerServer(options: serverOptions, logger: logger) {
                try await ModelSource.reader(folders, options: readerOptions)
            }
        }
        let server: AnswerServer
        do { server = try make() } catch {
            guard database == nil, error.isAboutPlace else { throw error }
            serverOptions.documents = ServeDatabase.nowhere(error)
            server = try make()
        }
        switch serverOptions.documents {
        case .file(let path): logger.info("documents are stored", metadata: ["database": "\(path)"])
        case .postgresql(let url):
            let shown = try DatabaseURL(url)
            logger.info("documents are stored", metadata: ["database": "\(shown)"])
        case .memory: logger.info("documents are kept in memory and lost when the server stops")
        case .nowhere(let reason): logger.warning("this server stores no documents", metadata: ["reason": "\(reason)"])
        }
        return server
    }

    private func serverOptions(_ folders: [String], key: APIKey?) -> ServerOptions {
        let names = zip(model, folders).map { model, folder in
            let name = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
            return FileManager.default.fileExists(atPath: model) ? name : model
        }
        var result = ServerOptions(modelName: names.joined(separator: " + "), version: BertQA.version)
        result.host = host
        result.port = port
        result.apiKey = key
        result.allowedHosts = access.allowedHosts
        result.allowedOrigins = access.allowOrigin
        result.limits = limits.limits
        result.timeouts.drain = .seconds(drainSeconds)
        return result
    }

    private func encoder() async throws -> PassageEncoder? {
        guard let embedder else { return nil }
        var encoder = PassageEncoder(
            folder: try await ModelSource.folder(embedder, allowsPickle: options.allowPickle))
        (encoder.precision, encoder.device) = (options.precision?.precision, options.device?.device)
        return encoder
    }

    private func apiKey() throws -> APIKey? {
        if let file = access.apiKeyFile {
            let text = try ContextSource.file(file).read()
            do { return try APIKey(text) } catch { throw FileError(path: file, message: "\(error)") }
        }
        guard let text = ProcessInfo.processInfo.environment["BERTQA_API_KEY"] else { return nil }
        do { return try APIKey(text) } catch {
            throw ValidationError("BERTQA_API_KEY \(error); set it to a key, or unset it")
        }
    }
}

/// `--log-level`
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug
    case info
    case warning
    case error

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

/// `--log-format`
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case auto
    case text
    case json

    var isJSON: Bool { self == .json || (self == .auto && isatty(STDERR_FILENO) == 0) }
}
