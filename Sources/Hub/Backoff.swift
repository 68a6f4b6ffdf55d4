/// Does something again after a failure of the network, with pauses that grow.
struct Backoff: Sendable {
    /// How often it is done again.
    var retries = 5
    /// The pause before the first of them; each next one is twice as long.
    var pause = Duration.milliseconds(500)

    /// One try, for operations that are repeated as part of a larger one.
    static let none = Backoff(retries: 0)

    /// - Parameter body: takes the number of the try, from 0.
    /// - Throws: what `body` throws: `HubError.network` after the last try, anything else at once.
    func run<Result>(_ body: (Int) async throws -> Result) async throws -> Result {
        var wait = pause
        for attempt in 0..<retries {
            do {
                return try await body(attempt)
            } catch HubError.network {
                try await Task.sleep(for: wait)
                wait = wait * 2
            }
        }
        return try await body(retries)
    }
}
