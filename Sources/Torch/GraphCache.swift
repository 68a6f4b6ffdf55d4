/// Graphs of work that comes in several shapes: each shape is done plainly until it has been seen often enough, then
/// recorded; of the graphs, the one that was used least recently goes when there are too many.
///
/// A shape's work reads and writes at a place of its own, which stays as long as its graph.
package final class GraphCache<Key: Hashable, Place> {
    /// How often a shape is done plainly before it is recorded: libraries choose their algorithms and take their
    /// workspaces meanwhile.
    package static var plainRuns: Int { 2 }

    private struct Entry {
        let graph: Graph
        let place: Place
        var used: Int
    }

    private let device: Device
    private let limit: Int
    private var pool: Graph.Pool?
    private var entries: [Key: Entry] = [:]
    private var seen: [Key: Int] = [:]
    private var clock = 0
    private var isClosed = false

    /// A cache that keeps at most `limit` graphs, at least 1.
    package init(device: Device, limit: Int) {
        (self.device, self.limit) = (device, max(1, limit))
    }

    /// The number of graphs.
    package var count: Int { entries.count }

    /// The graph of a shape; nil where it has none.
    package func graph(_ key: Key) -> Graph? { entries[key]?.graph }

    /// Does the work of a shape, which must be the same each time.
    ///
    /// - Parameters:
    ///   - make: makes a place for the work.
    ///   - fill: puts what differs from time to time there; it is never recorded.
    ///   - work: is recorded.
    /// - Returns: the place, with the results.
    package func run(
        _ key: Key, make: () throws(TorchError) -> Place, fill: (Place) throws(TorchError) -> Void,
        work: (Place) throws(TorchError) -> Void
    ) throws(TorchError) -> Place {
        clock += 1
        if let known = entries[key] {
            entries[key]?.used = clock
            try fill(known.place)
            try known.graph.replay()
            return known.place
        }
        let times = seen[key, default: 0]
        guard !isClosed, times >= Self.plainRuns else {
            seen[key] = times + 1
            let place = try make()
            try fill(place)
            try work(place)
            return place
        }
        // What plain runs left in libtorch's allocator cannot be used by the pool.
        try device.releaseMemory()
        let pool = if let pool { pool } else { try Graph.Pool(device: device) }
        self.pool = pool
        let place = try make()
        try fill(place)
        let graph = try Graph(in: pool) { () throws(TorchError) in try work(place) }
        entries[key] = Entry(graph: graph, place: place, used: clock)
        makeRoom()
        return place
    }

    /// After a graph was recorded, and not before: a pool that no graph uses any more would be gone.
    private func makeRoom() {
        guard entries.count > limit,
            let oldest = entries.min(by: { $0.value.used < $1.value.used })?.key
        else { return }
        entries[oldest] = nil
    }

    /// Releases all graphs with their memory, and records no more: where memory ran out.
    ///
    /// - Returns: whether there was anything to release.
    package func close() throws(TorchError) -> Bool {
        let had = !entries.isEmpty
        (isClosed, pool) = (true, nil)
        entries.removeAll()
        try device.releaseMemory()
        return had
    }
}
