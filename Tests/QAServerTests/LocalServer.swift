import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import QAServer
import QuestionAnswering
import StrictJSON
import Synchronization
import Testing
import Workshop

/// A server on a port of its own with the tiny model of a workshop, and a client.
struct LocalServer: Sendable {
    let port: Int
    let shop: Workshop
    /// What the server logs.
    let log: LogBook
    private let task: Task<Void, any Error>

    /// What came back.
    struct Reply: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func json() throws -> JSONValue { try JSONValue.parse(body) }
    }

    /// Starts a server, runs `body` and stops it.
    ///
    /// - Parameters:
    ///   - change: changes the options.
    ///   - holdModel: called before the model is loaded; the server listens meanwhile.
    static func run(
        _ change: (inout ServerOptions, Workshop) throws -> Void = { _, _ in },
        holdModel: @escaping @Sendable () async -> Void = {},
        _ body: (LocalServer) async throws -> Void
    ) async throws {
        let shop = try Workshop()
        var options = ServerOptions(modelName: "tiny", version: "1.2.3")
        options.port = 0
        // Tests of other suites keep this process's few threads busy, for longer than a client may be slow.
        (options.timeouts.headers, options.timeouts.body, options.timeouts.response) = (
            .seconds(300), .seconds(300), .seconds(300)
        )
        try change(&options, shop)
        let log = LogBook()
        let logger = Logger(label: "test") { _ in LogLines(level: .info, asJSON: true) { log.add($0) } }
        var reading = ReaderOptions()
        (reading.maxLength, reading.precision, reading.device) = (48, .fp32, .cpu)
        let server = try AnswerServer(options: options, logger: logger) { [reading] in
            await holdModel()
            return try await Reader.load("\(shop.path)/model", options: reading)
        }
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let task = Task {
            defer { continuation.finish() }
            // Signals belong to the tests of other suites in this process.
            try await server.run(signals: []) { continuation.yield($0) }
        }
        let port = await ports.first { _ in true }
        guard let port else { return try await task.value }
        let local = LocalServer(port: port, shop: shop, log: log, task: task)
        let result: Result<Void, any Error>
        do { result = .success(try await body(local)) } catch { result = .failure(error) }
        task.cancel()
        _ = await task.result
        try FileManager.default.removeItem(atPath: shop.path)
        try result.get()
    }

    /// Waits until the model is loaded.
    func ready() async throws {
        for _ in 0..<600 {
            if try await send(.GET, "/ready").status == 200 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the server never became ready: \(log.lines)")
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> Reply {
        try await send(method, path, bytes: body.map { Array($0.utf8) }, headers: headers)
    }

    func send(
        _ method: HTTPMethod, _ path: String, bytes: [UInt8]?, headers: [(String, String)] = []
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if bytes != nil, !request.headers.contains(name: "content-type") {
            request.headers.add(name: "content-type", value: "application/json")
        }
        if let bytes { request.body = .bytes(ByteBuffer(bytes: bytes)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
        let body = try await response.body.collect(upTo: 1 << 26)
        return Reply(status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
    }

    /// Sends pieces over a connection of its own, a moment apart, and returns all that comes until the server closes
    /// it.
    func raw(_ pieces: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try exchange(pieces) }) }
        }
    }

    private func exchange(_ pieces: [String]) throws -> String {
        let client = try SocketClient(port: port)
        defer { client.disconnect() }
        for piece in pieces {
            // The server may close before all is sent; what it said counts.
            guard client.send(piece) else { break }
            Thread.sleep(forTimeInterval: 0.03)
        }
        return client.rest()
    }

    /// Posts a JSON object and expects a status.
    func post(
        _ path: String, _ body: String, expecting status: Int = 200, headers: [(String, String)] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let reply = try await send(.POST, path, body, headers: headers)
        #expect(reply.status == status, "\(reply.text)", sourceLocation: sourceLocation)
        return try reply.json()
    }
}

/// Lines of a log, kept.
final class LogBook: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func add(_ line: String) { kept.withLock { $0.append(line) } }
}

/// A gate that is closed until it is opened once.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
