import ArgumentParser
import BERT
import Console
import Files
import Foundation
import Logging
import QAServer
import QuestionAnswering
import Torch

/// `bertqa serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer questions over HTTP, and on a web page.",
        discussion: """
            The address shows a page in a browser. Programs use POST /v1/answer, or POST / as in Hugging Face's \
            inference API; \
            /openapi.json describes all of it. Documents that clients store are kept in --database. SIGTERM and Ctrl-C \
            stop the \
            server once every accepted request is answered.

              bertqa serve --model run
              curl 127.0.0.1:8080/v1/answer -d '{"question": "Who?", "context": "It was Ada."}'

            With BERTQA_API_KEY or --api-key-file, requests must bring the key (Authorization: Bearer KEY).
            """)

    @Option(help: "A fine-tuned model: its folder, or its id on the Hugging Face hub.")
    var model: String

    @Option(help: "The address to listen on; 0.0.0.0 lets other machines in.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 lets the system choose.")
    var port = 8080

    @Option(help: ArgumentHelp("The file with stored documents; none keeps them in memory.", valueName: "file"))
    var database = "bertqa-documents.sqlite"

    @Option(help: ArgumentHelp("A file with the API key.", valueName: "file"))
    var apiKeyFile: String?

    @OptionGroup(title: "Limits") var limits: ServeLimitOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var noAnswer: NoAnswerOptions
    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("Which log lines to write: debug, info, warning or error.", valueName: "level"))
    var logLevel = LogLevel.info

    @Option(help: "What log lines are: text, json, or auto, which is text on a terminal.")
    var logFormat = LogFormat.auto

    /// Those of a dozen sizes of batch: more take memory and save no time that could be measured (docs/lab/serving.md).
    private static let keptProducts = 64

    func validate() throws {
        if !(0...65535).contains(port) { throw ValidationError("--port \(port) must be from 0 to 65535") }
    }

    func run() async throws {
        try await reportingErrors("serve") {
            try options.apply()
            try Runtime.keepProducts(Self.keptProducts)
            let key = try apiKey()
            let folder = try await ModelSource.folder(model, allowsPickle: options.allowPickle)
            // The server listens while it loads the model; a folder without a model is reported before.
            _ = try ModelDirectory(path: folder)
            if options.precision == .int8 { try QuantizationRecord.check(folder) }
            let level = logLevel.level
            let asJSON = logFormat.isJSON
            let logger = Logger(label: "bertqa") { _ in LogLines(level: level, asJSON: asJSON) }
            if key == nil, !["127.0.0.1", "::1", "localhost"].contains(host) {
                logger.warning(
                    "anybody who reaches this address can ask: there is no API key", metadata: ["host": "\(host)"])
            }
            // Every connection is a file; systems often start with 1024.
            System.raiseOpenFileLimit(to: 65_536)
            let readerOptions = window.reader(options, noAnswer, decoding)
            let server = try AnswerServer(options: serverOptions(folder, key: key), logger: logger) {
                try await Reader.load(folder, options: readerOptions)
            }
            let host = host.contains(":") ? "[\(host)]" : host
            try await server.run { port in
                logger.info("listening", metadata: ["url": "http://\(host):\(port)/"])
            }
            logger.info("stopped")
        }
    }

    private func serverOptions(_ folder: String, key: APIKey?) -> ServerOptions {
        let name = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
        var result = ServerOptions(
            modelName: FileManager.default.fileExists(atPath: model) ? name : model, version: BertQA.version)
        result.host = host
        result.port = port
        result.database = database == "none" ? nil : database
        result.apiKey = key
        result.limits = limits.limits
        return result
    }

    private func apiKey() throws -> APIKey? {
        if let apiKeyFile {
            let text = try ContextSource.file(apiKeyFile).read()
            guard let key = APIKey(text) else {
                throw FileError(path: apiKeyFile, message: "holds no API key; write one into it")
            }
            return key
        }
        guard let text = ProcessInfo.processInfo.environment["BERTQA_API_KEY"] else { return nil }
        guard let key = APIKey(text) else {
            throw ValidationError("BERTQA_API_KEY is set but blank; unset it, or give it a key")
        }
        return key
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
