/// What two neighbouring tokens become, by their ids.
final class MergeTable: @unchecked Sendable {  // the memory is written in `init` only
    /// The rank of what is no merge: it comes after all.
    static let none = UInt32.max

    private struct Slot {
        var pair: UInt64
        var rank: UInt32
        var id: Int32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let shift: UInt64
    private let mask: Int

    /// - Parameter merges: the ids of each merge's two tokens and of the token they become, in the order of ranks. Of
    ///   two merges of the same tokens the later one counts.
    init(_ merges: [(first: Int32, second: Int32, merged: Int32)]) {
        let bits = max(4, 64 - (merges.count * 2).leadingZeroBitCount)
        shift = UInt64(64 - bits)
        mask = 1 << bits - 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: Slot(pair: 0, rank: Self.none, id: -1), count: mask + 1)
        for (rank, merge) in merges.enumerated() {
            let pair = Self.pair(merge.first, merge.second)
            slots[place(pair)] = Slot(pair: pair, rank: UInt32(rank), id: merge.merged)
        }
    }

    deinit { slots.deallocate() }

    @inline(__always)
    private static func pair(_ first: Int32, _ second: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    }

    /// Where a pair is, or the free place where it belongs.
    @inline(__always)
    private func place(_ pair: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while slots[index].rank != Self.none && slots[index].pair != pair { index = (index + 1) & mask }
        return index
    }

    /// The rank of a merge and the id of what it makes; `none` and -1 if there is no such merge.
    @inline(__always)
    func merge(_ first: Int32, _ second: Int32) -> (rank: UInt32, id: Int32) {
        let slot = slots + place(Self.pair(first, second))
        return (slot.pointee.rank, slot.pointee.id)
    }
}
