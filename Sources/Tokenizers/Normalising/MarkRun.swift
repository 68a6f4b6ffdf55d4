/// A run of combining marks in canonical decomposition, with the positions the reference library gives them.
///
/// The library decomposes, sorts the marks by combining class, and only then hands out source positions, one source
/// scalar for each mark that came first in its decomposition, in the sorted order. A mark that changed places therefore
/// gets its neighbour's position. Few scripts have marks that survive accent stripping, but for those this is what
/// counts.
struct MarkRun {
    private struct Mark {
        let scalar: UInt32
        let sortKey: UInt64
        let isFirst: Bool
        let kept: Bool
    }

    private var marks: [Mark] = []
    private var sources: [Range<Int32>] = []
    private var keepsAny = false
    /// The source bytes of the scalar before the run, where its own decomposition began the run.
    var starter: Range<Int32> = 0..<0

    var isEmpty: Bool { marks.isEmpty }

    /// Adds a mark; `isFirst`: it came first in the decomposition of its source scalar.
    mutating func append(_ scalar: UInt32, _ order: UInt8, isFirst: Bool, kept: Bool) {
        keepsAny = keepsAny || kept
        // The position in the key keeps the sort stable.
        let key = UInt64(order) << 48 | UInt64(marks.count)
        marks.append(Mark(scalar: scalar, sortKey: key, isFirst: isFirst, kept: kept))
    }

    /// Ends the marks of one source scalar.
    mutating func endSource(_ range: Range<Int32>) { sources.append(range) }

    /// Calls `body` with the marks that stay, in canonical order, and their source bytes.
    mutating func forEachKept(_ body: (UInt32, Range<Int32>) -> Void) {
        guard keepsAny else { return }
        marks.sort { $0.sortKey < $1.sortKey }
        var used = 0
        for mark in marks {
            if mark.isFirst { used += 1 }
            if mark.kept { body(mark.scalar, used == 0 ? starter : sources[used - 1]) }
        }
    }
}
