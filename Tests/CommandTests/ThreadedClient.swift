import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A client of a server that waits on a thread of its own: the tests of other suites keep the few threads of
/// asynchronous tests busy for seconds, in which a server answers everything.
///
/// All requests are sent at once: the client that asynchronous tests share has at most eight connections to a server.
struct ThreadedClient: Sendable {
    private let client: HTTPClient
    private let address: String

    /// Runs `body` on a new thread.
    static func run<Value: Sendable>(
        _ address: String, _ body: @escaping @Sendable (ThreadedClient) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try here(address, body) }) }
        }
    }

    private static func here<Value>(_ address: String, _ body: (ThreadedClient) throws -> Value) throws -> Value {
        let pool = HTTPClient.Configuration.ConnectionPool(
            idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: 1000)
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: HTTPClient.Configuration(connectionPool: pool))
        let result = Result { try body(ThreadedClient(client: client, address: address)) }
        try client.syncShutdown()
        return try result.get()
    }

    /// Posts a body so many times, all at once.
    func post(_ path: String, _ body: String, times: Int) throws -> [EventLoopFuture<HTTPClient.Response>] {
        let request = try HTTPClient.Request(
            url: address + path, method: .POST, headers: ["content-type": "application/json"], body: .string(body))
        return (0..<times).map { _ in client.execute(request: request) }
    }

    /// Waits until the metrics satisfy a condition; at most a minute.
    func wait(until condition: (String) -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 60)
        while end.timeIntervalSinceNow > 0 {
            let body = try client.get(url: address + "/metrics").wait().body
            if condition(body.map { String(buffer: $0) } ?? "") { return }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    /// The sum of the values of a metric, over all lines of it that contain these words.
    static func value(of metric: String, in metrics: String, with words: String = "") -> Double {
        metrics.split(separator: "\n").filter { $0.hasPrefix(metric) && (words.isEmpty || $0.contains(words)) }
            .reduce(0) { $0 + ($1.split(separator: " ").last.flatMap { Double($0) } ?? 0) }
    }
}

/// The status of each response, in their order.
func statuses(_ responses: [EventLoopFuture<HTTPClient.Response>]) throws -> [UInt] {
    try responses.map { try $0.wait().status.code }
}
