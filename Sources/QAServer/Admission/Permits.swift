import Synchronization

/// Counts the requests that are being answered, up to a limit.
final class Permits: Sendable {
    private let taken = Atomic(0)
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// - Throws: `APIError` with status 429 if there is no room now.
    func check() throws(APIError) {
        if taken.load(ordering: .relaxed) >= limit { throw full }
    }

    /// Runs `body` if there is room, at once.
    ///
    /// - Throws: `APIError` with status 429 if there is none; what `body` throws.
    func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        guard taken.add(1, ordering: .relaxed).newValue <= limit else {
            taken.subtract(1, ordering: .relaxed)
            throw full
        }
        defer { taken.subtract(1, ordering: .relaxed) }
        return try await body()
    }

    private var full: APIError { .overloaded("\(limit) requests are being answered, which is the limit") }
}
