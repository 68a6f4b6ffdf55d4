import Synchronization

/// Bytes that all requests together may hold while they wait and are answered: bodies, tokens, responses.
final class MemoryBudget: Sendable {
    private let used = Atomic(0)
    let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes that are held now.
    var heldBytes: Int { used.load(ordering: .relaxed) }

    /// A request's share, empty at first. It is released with the object.
    func reservation() -> Reservation { Reservation(self) }

    /// Adds to a share. A request that is alone is never refused.
    fileprivate func add(_ bytes: Int, to held: Int) throws(APIError) {
        let total = used.add(bytes, ordering: .relaxed).newValue
        guard total > limit, total - bytes > held else { return }
        release(bytes)
        throw .overloaded("the requests that are being answered hold \(limit) bytes, which is the limit")
    }

    fileprivate func release(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}

/// One request's share of a budget.
final class Reservation: Sendable {
    private let budget: MemoryBudget
    private let held = Atomic(0)

    fileprivate init(_ budget: MemoryBudget) {
        self.budget = budget
    }

    /// - Throws: `APIError` with status 429 if other requests hold too much.
    func add(_ bytes: Int) throws(APIError) {
        try budget.add(bytes, to: held.load(ordering: .relaxed))
        held.add(bytes, ordering: .relaxed)
    }

    deinit {
        budget.release(held.load(ordering: .relaxed))
    }
}
