import NIOPosix

/// The threads on which the work of requests runs: reading JSON, tokenising, ranking, writing JSON.
///
/// They are not those that serve connections and `/health`, which a long text must not keep waiting.
struct Workers: Sendable {
    /// Runs `body` on one of the threads.
    ///
    /// - Throws: `CancellationError` if the task is cancelled before a thread is free; what `body` throws.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
