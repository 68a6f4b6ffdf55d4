/// The pieces of one word, each linked to its neighbours; merging joins two of them until no merge fits any more.
///
/// Its memory is used again for the next word.
final class PieceChain {
    /// Up to so many pieces the best merge is found by looking at all of them, which is faster than a queue.
    private static let longestScan = 40

    private struct Piece {
        var id: Int32
        /// Where it begins in the word.
        var start: Int32
        /// The place of the piece before; -1 before the first one.
        var previous: Int32
        /// The place of the piece that follows; `count` behind the last one.
        var next: Int32
        /// The rank of the merge with the piece that follows.
        var rank = MergeTable.none
        /// What that merge makes.
        var merged: Int32 = -1
    }

    private(set) var count = 0
    private var capacity: Int
    /// One more than `count`: the last one only says where the word ends.
    private var pieces: UnsafeMutablePointer<Piece>
    private var queue = MergeQueue()

    init() {
        capacity = 64
        pieces = .allocate(capacity: capacity + 1)
        reset(reserving: 0)
    }

    deinit { pieces.deallocate() }

    /// Empties the chain and makes room for so many pieces.
    func reset(reserving size: Int) {
        count = 0
        if size > capacity {
            pieces.deallocate()
            capacity = max(size, 2 * capacity)
            pieces = .allocate(capacity: capacity + 1)
        }
        pieces.initialize(to: Piece(id: -1, start: 0, previous: -1, next: 1))
    }

    /// Appends a piece of `length` bytes; the room must be reserved.
    @inline(__always)
    func append(_ id: Int32, length: Int) {
        pieces[count].id = id
        let place = Int32(truncatingIfNeeded: count)
        let end = pieces[count].start + Int32(truncatingIfNeeded: length)
        count += 1
        (pieces + count).initialize(to: Piece(id: -1, start: end, previous: place, next: place + 2))
    }

    /// Calls `body` with each piece that is left: its id and its place in the word.
    @inline(__always)
    func forEach(_ body: (_ id: Int32, _ start: Int, _ end: Int) -> Void) {
        var place = 0
        while place < count {
            let piece = pieces[place]
            let next = Int(piece.next)
            body(piece.id, Int(piece.start), Int(pieces[next].start))
            place = next
        }
    }

    /// Joins neighbours as long as there is a merge for two: always the lowest rank, of equal ones the first.
    func merge(by table: MergeTable) {
        for place in 0..<count { look(place, table) }
        if count <= Self.longestScan { mergeByScanning(table) } else { mergeByQueue(table) }
    }

    private func mergeByScanning(_ table: MergeTable) {
        while true {
            var best = MergeTable.none
            var place = 0
            for candidate in 0..<count where pieces[candidate].rank < best {
                (best, place) = (pieces[candidate].rank, candidate)
            }
            if best == MergeTable.none { return }
            join(place)
            look(place, table)
            let before = Int(pieces[place].previous)
            if before >= 0 { look(before, table) }
        }
    }

    /// As `mergeByScanning`, in a time that grows hardly faster than the word. The queue also holds merges of pieces
    /// that have become others; those have another rank now.
    private func mergeByQueue(_ table: MergeTable) {
        queue.reset()
        for place in 0..<count where pieces[place].rank != MergeTable.none { queue.append(pieces[place].rank, place) }
        queue.order()
        while let (rank, place) = queue.pop() {
            if pieces[place].rank != rank { continue }
            join(place)
            for changed in [place, Int(pieces[place].previous)] where changed >= 0 {
                look(changed, table)
                if pieces[changed].rank != MergeTable.none { queue.push(pieces[changed].rank, changed) }
            }
        }
    }

    /// Finds the merge of a piece with the one that follows.
    @inline(__always)
    private func look(_ place: Int, _ table: MergeTable) {
        let next = Int(pieces[place].next)
        if next < count {
            (pieces[place].rank, pieces[place].merged) = table.merge(pieces[place].id, pieces[next].id)
        } else {
            pieces[place].rank = MergeTable.none
        }
    }

    /// Joins a piece with the one that follows.
    @inline(__always)
    private func join(_ place: Int) {
        let taken = Int(pieces[place].next)
        pieces[place].id = pieces[place].merged
        pieces[taken].rank = MergeTable.none
        pieces[place].next = pieces[taken].next
        pieces[Int(pieces[taken].next)].previous = Int32(truncatingIfNeeded: place)
    }
}
