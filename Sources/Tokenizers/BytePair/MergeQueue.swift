/// Merges by rank and, of equal ranks, by place: a binary heap of numbers.
struct MergeQueue {
    /// Rank and place in one number, which orders them.
    private var heap: [UInt64] = []

    mutating func reset() { heap.removeAll(keepingCapacity: true) }

    /// Appends without order; `order` follows.
    mutating func append(_ rank: UInt32, _ place: Int) {
        heap.append(UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: place)))
    }

    /// Puts appended merges in order.
    mutating func order() {
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    mutating func push(_ rank: UInt32, _ place: Int) {
        append(rank, place)
        var index = heap.count - 1
        while index > 0, heap[index] < heap[(index - 1) / 2] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes out the first merge.
    mutating func pop() -> (rank: UInt32, place: Int)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        return (UInt32(first >> 32), Int(first & 0xFFFF_FFFF))
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < heap[index] else { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
