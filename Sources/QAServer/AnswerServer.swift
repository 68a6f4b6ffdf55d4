import Foundation
import Hummingbird
import Logging
import NIOCore
import QuestionAnswering
import ServiceLifecycle
import StrictJSON
import UnixSignals

/// What keeps the server from running.
package enum AnswerServerError: Error, Sendable, CustomStringConvertible {
    /// The address cannot be listened on.
    case address(host: String, port: Int, String)

    /// One line for the user.
    package var description: String {
        switch self {
        case .address(let host, let port, let message):
            "cannot listen on \(host) port \(port) (\(message)); choose another --host or --port"
        }
    }
}

/// The HTTP server: the API, the page, and the model behind them.
package struct AnswerServer: Sendable {
    private let options: ServerOptions
    private let logger: Logger
    private let loadReader: @Sendable () async throws -> Reader
    private let store: DocumentStore
    private let slot = ModelSlot()
    private let metrics = ServerMetrics()
    private let connections = ClientConnections()

    /// Opens the database; the model is loaded when the server runs.
    ///
    /// - Parameter loadReader: loads the model.
    package init(
        options: ServerOptions, logger: Logger, loadReader: @escaping @Sendable () async throws -> Reader
    ) throws(DocumentStoreError) {
        self.options = options
        self.logger = logger
        self.loadReader = loadReader
        store = try DocumentStore(path: options.database, limits: options.limits)
    }

    /// Listens and answers until the process is asked to stop or the task is cancelled. What was accepted before that is
    /// answered.
    ///
    /// - Parameters:
    ///   - signals: what asks the process to stop; none leaves signals to the program that runs the server.
    ///   - onRunning: called with the port once connections are accepted.
    /// - Throws: `AnswerServerError`; what loading the model throws.
    package func run(
        signals: [UnixSignal] = [.sigterm, .sigint],
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        let model = ModelService(
            load: loadReader, slot: slot, limits: options.limits, metrics: metrics, logger: logger)
        let listener = ListeningSocket()
        let application = application { channel in
            listener.set(channel)
            await onRunning(channel.localAddress?.port ?? 0)
        }
        // Services stop in the order from the last to the first.
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: model), .init(service: application), .init(service: listener)],
            gracefulShutdownSignals: signals, logger: logger)
        configuration.maximumGracefulShutdownDuration = options.timeouts.drain
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw AnswerServerError.address(host: options.host, port: options.port, reason)
        }
    }

    private func application(
        _ onRunning: @escaping @Sendable (any Channel) async -> Void
    ) -> some ApplicationProtocol {
        let (timeouts, payload, connections) = (options.timeouts, options.limits.payloadBytes, connections)
        return Application(
            router: router(),
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

    private func router() -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        let answering = Answering(
            slot: slot, store: store, limits: options.limits, metrics: metrics, modelName: options.modelName)
        let concurrent = options.limits.concurrentRequests
        let gate = RequestGate(
            permits: Permits(limit: concurrent), arrivals: Permits(limit: 4 * concurrent), connections: connections,
            payloadBytes: options.limits.payloadBytes)
        router.add(middleware: RequestPipeline(apiKey: options.apiKey, paths: Self.knownPaths, metrics: metrics))
        SystemRoutes(
            options: options, slot: slot, store: store, metrics: metrics, connections: connections,
            page: WebPage(html: PackageResources.index_html)
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

/// Loads the model and lets it read a first question, so that the first client does not wait for what is compiled then.
struct ModelService: Service {
    let load: @Sendable () async throws -> Reader
    let slot: ModelSlot
    let limits: ServerLimits
    let metrics: ServerMetrics
    let logger: Logger

    func run() async throws {
        let start = ContinuousClock.now
        let reader = try await load()
        _ = try await reader.answer("Is it ready?", in: "It is ready.")
        let batcher = Batcher(
            reader: reader, tokenBudget: limits.batchTokens, delay: limits.batchDelay, metrics: metrics)
        slot.fill(ModelSlot.Loaded(reader: reader, batcher: batcher))
        logger.info("ready", metadata: ["seconds": "\(start.duration(to: .now).inSeconds)"])
        try await gracefulShutdown()
    }
}
