import Foundation
import Hummingbird
import Logging
import NIOCore
import QuestionAnswering
import Retrieval
import ServiceLifecycle
import StrictJSON
import UnixSignals

/// Why the server cannot run.
public enum AnswerServerError: Error, Sendable, CustomStringConvertible {
    /// The address cannot be listened on.
    case address(host: String, port: Int, String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .address(let host, let port, let message):
            "cannot listen on \(host) port \(port) (\(message)); choose another address or port"
        }
    }
}

/// The HTTP server: the API, the page, and the model behind them.
public struct AnswerServer: Sendable {
    let options: ServerOptions
    let logger: Logger
    let loadReader: @Sendable () async throws -> Reader
    private let store: (any DocumentStore)?
    let slot = ModelSlot()
    let metrics = ServerMetrics()
    private let connections = ClientConnections()
    private let memory: MemoryBudget
    private let drain: Drain

    /// Opens the database; the model is loaded when the server runs.
    ///
    /// - Parameters:
    ///   - options: the address, the limits and where documents are stored.
    ///   - logger: gets a line for each request.
    ///   - loadReader: loads the model.
    /// - Throws: `DocumentStoreError` for a database that cannot be used.
    public init(
        options: ServerOptions, logger: Logger, loadReader: @escaping @Sendable () async throws -> Reader
    ) throws(DocumentStoreError) {
        self.options = options
        self.logger = logger
        self.loadReader = loadReader
        store = try Self.store(options)
        memory = MemoryBudget(limit: options.limits.waitingBytes)
        drain = Drain(connections: connections, time: options.timeouts.drain, logger: logger)
    }

    private static func store(_ options: ServerOptions) throws(DocumentStoreError) -> (any DocumentStore)? {
        let limits = StoreLimits(documents: options.limits.documents, bytes: options.limits.storedBytes)
        var source: VectorSource?
        if let folder = options.encoder?.folder {
            do {
                let encoder = try TextEncoder.description(of: folder)
                source = VectorSource(encoder: encoder.identity, width: encoder.width)
            } catch {
                throw DocumentStoreError(.encoder, "\(error)")
            }
        }
        let language = options.language
        switch options.documents {
        case .file(let path):
            return try SQLiteStore(path: path, limits: limits, language: language, source: source)
        case .postgresql(let url):
            return try PostgresStore(url: url, limits: limits, language: language, source: source)
        case .memory: return try SQLiteStore(path: nil, limits: limits, language: language, source: source)
        case .nowhere: return nil
        }
    }

    /// Listens and answers until the process is asked to stop or the task is cancelled. What was accepted before is
    /// answered within `ServerTimeouts.drain`, and the rest refused; the batch that the model is reading is always
    /// waited for.
    ///
    /// - Parameters:
    ///   - signals: what asks the process to stop; none leaves signals to the program that runs the server.
    ///   - onRunning: called with the port once connections are accepted.
    /// - Throws: `AnswerServerError`; what loading the model throws.
    public func run(
        signals: [UnixSignal] = [.sigterm, .sigint],
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        let model = modelService
        let listener = ListeningSocket(drain: drain, logger: logger)
        let application = application { channel in
            do { try await listener.set(channel) } catch {
                // The socket was closed before it served anybody.
                return
            }
            await onRunning(channel.localAddress?.port ?? 0)
        }
        // Services stop in the order from the last to the first. Their time is limited by the drain.
        let configuration = ServiceGroupConfiguration(
            services: [.init(service: model), .init(service: application), .init(service: listener)],
            gracefulShutdownSignals: signals, logger: logger)
        defer { drain.end() }
        do {
            try await withTaskCancellationHandler {
                try await ServiceGroup(configuration: configuration).run()
            } onCancel: {
                drain.refuseRest()
            }
        } catch let error as IOError {
            throw addressError(String(cString: strerror(error.errnoCode)))
        } catch is SocketAddressError.UnknownHost {
            throw addressError("the name of the host is not known")
        }
    }

    /// What loads the model.
    var modelService: ModelService {
        ModelService(
            load: loadReader, encoder: options.encoder, store: store, slot: slot, limits: options.limits,
            metrics: metrics, logger: logger)
    }

    private func addressError(_ reason: String) -> AnswerServerError {
        .address(host: options.host, port: options.port, reason)
    }

    private func application(
        _ onRunning: @escaping @Sendable (any Channel) async -> Void
    ) -> some ApplicationProtocol {
        let (timeouts, payload, connections) = (options.timeouts, options.limits.payloadBytes, connections)
        return Application(
            router: router(host: options.host),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        ConnectionHandler(timeouts: timeouts, payloadBytes: payload, connections: connections)
                    ])),
            configuration: ApplicationConfiguration(
                address: .hostname(options.host, port: options.port), serverName: "bertqa", backlog: 4096),
            onServerRunning: onRunning,
            logger: logger)
    }

    /// - Parameter host: the address that the server listens on; nil if another application listens.
    func router(host: String?) -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        let answering = Answering(slot: slot, store: store, options: options, metrics: metrics)
        let concurrent = options.limits.concurrentRequests
        let gate = RequestGate(
            permits: Permits(limit: concurrent), arrivals: Permits(limit: 4 * concurrent), memory: memory,
            connections: connections, payloadBytes: options.limits.payloadBytes)
        let access = AccessPolicy(
            host: host, allowedHosts: options.allowedHosts, allowedOrigins: options.allowedOrigins)
        router.add(
            middleware: RequestPipeline(
                access: access, keys: KeyCheck(options.apiKey), paths: Self.knownPaths, metrics: metrics, drain: drain))
        SystemRoutes(
            options: options, slot: slot, answering: answering, metrics: metrics, connections: connections,
            memory: memory, page: WebPage()
        ).add(to: router)
        AnswerRoutes(answering: answering, gate: gate).add(to: router)
        DocumentRoutes(answering: answering, gate: gate).add(to: router)
        return router
    }

    private static var knownPaths: KnownPaths {
        do {
            return KnownPaths(description: try JSONValue.parse(PackageResources.openapi_json))
        } catch {
            preconditionFailure("openapi.json, built into this program, is not JSON: \(error)")
        }
    }
}
