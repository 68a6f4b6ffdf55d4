import QuestionAnswering
import Synchronization

/// The place of the model, which is empty until it is loaded.
final class ModelSlot: Sendable {
    /// A model that answers.
    struct Loaded: Sendable {
        let reader: Reader
        let batcher: Batcher
    }

    private let loaded = Mutex<Loaded?>(nil)

    var isReady: Bool { loaded.withLock { $0 != nil } }

    /// - Throws: `APIError` with status 503 while there is none.
    func model() throws(APIError) -> Loaded {
        guard let model = loaded.withLock({ $0 }) else { throw .notReady("the model is being loaded") }
        return model
    }

    func fill(_ model: Loaded) { loaded.withLock { $0 = model } }
}

/// Counts what is being answered, up to a limit.
final class Permits: Sendable {
    private let taken = Atomic(0)
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// - Throws: `APIError` with status 429 if there is no room now.
    func check() throws(APIError) {
        if taken.load(ordering: .relaxed) >= limit { throw .overloaded(limit: limit) }
    }

    /// Runs `body` if there is room, at once.
    ///
    /// - Throws: `APIError` with status 429 if there is none; what `body` throws.
    func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        guard taken.add(1, ordering: .relaxed).newValue <= limit else {
            taken.subtract(1, ordering: .relaxed)
            throw APIError.overloaded(limit: limit)
        }
        defer { taken.subtract(1, ordering: .relaxed) }
        return try await body()
    }
}
