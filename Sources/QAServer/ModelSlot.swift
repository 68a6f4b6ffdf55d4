import QuestionAnswering
import Synchronization

/// Holds the model once it is loaded.
final class ModelSlot: Sendable {
    /// A model that answers.
    struct Loaded: Sendable {
        let reader: Reader
        let batcher: Batcher
        /// Nil if passages are found by words alone.
        let encoder: TextEncoder?
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
