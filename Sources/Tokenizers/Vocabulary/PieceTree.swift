/// Many spellings as a tree over their UTF-8 bytes, each with a number, to find those that a text begins with.
///
/// Made for a quarter of a million pieces of sentencepiece, where a `ByteTrie` takes long to build and does not fit the
/// cache. The branches are a double array: the child of a node by a byte is the unit at its base plus the byte, if that
/// unit names the node as its parent. A branch that has one spelling left ends in a leaf: the rest of the spelling is
/// compared with the bytes themselves.
final class PieceTree: @unchecked Sendable {  // the memory is written in `init` only
    struct Unit {
        /// Where children are, the byte added; of a leaf its number, all bits turned.
        var base: Int32 = 0
        /// The node that this one is a child of; `free` where none is.
        var parent: Int32 = free
        /// The value of the piece that ends here; -1 if none does, and for a leaf.
        var value: Int32 = -1

        static let free: Int32 = -2
    }

    struct Leaf {
        let value: Int32
        /// The bytes of the spelling that no branch holds.
        let start: Int32
        let count: Int32
    }

    private let units: UnsafeMutablePointer<Unit>
    private let leaves: [Leaf]
    private let bytes: [UInt8]

    /// Builds the tree; the piece at place `i` of `storage` gets `values[i]`. Of equal spellings the last counts.
    ///
    /// - Parameter repeated: gets each place whose spelling was there before, in order, with the value until then.
    init(_ storage: PieceStorage, values: [Int32], repeated: (_ place: Int, _ value: Int32) -> Void = { _, _ in }) {
        var builder = PieceTreeBuilder(storage, values)
        builder.build()
        bytes = storage.bytes
        leaves = builder.leaves
        units = .allocate(capacity: builder.units.count)
        units.initialize(from: builder.units, count: builder.units.count)
        for (place, value) in builder.repeated.sorted(by: { $0.place < $1.place }) { repeated(place, value) }
    }

    deinit { units.deallocate() }

    /// The value of the piece that is spelled so, or -1.
    func value(of piece: some Collection<UInt8>) -> Int32 {
        var node = 0
        var position = piece.startIndex
        while true {
            let unit = units[node]
            if unit.base < 0 {
                let leaf = leaves[Int(~unit.base)]
                let rest = bytes[Int(leaf.start)..<Int(leaf.start + leaf.count)]
                return rest.elementsEqual(piece[position...]) ? leaf.value : -1
            }
            if position == piece.endIndex { return unit.value }
            let child = Int(unit.base) + Int(piece[position])
            if units[child].parent != Int32(truncatingIfNeeded: node) { return -1 }
            node = child
            position = piece.index(after: position)
        }
    }

    /// Calls `body` with the value and the length of each piece that the bytes begin with, the shortest first.
    @inline(__always)
    func forEachMatch(
        _ text: UnsafePointer<UInt8>, _ length: Int, _ body: (_ value: Int32, _ length: Int) -> Void
    ) {
        var node = 0
        var position = 0
        while true {
            let unit = units[node]
            if unit.base < 0 {
                let leaf = leaves[Int(~unit.base)]
                let end = position + Int(leaf.count)
                if end > length { return }
                var offset = Int(leaf.start) - position
                while position < end {
                    if bytes[offset + position] != text[position] { return }
                    position += 1
                }
                offset = end
                return body(leaf.value, offset)
            }
            if unit.value >= 0 && position > 0 { body(unit.value, position) }
            if position == length { return }
            let child = Int(unit.base) + Int(text[position])
            if units[child].parent != Int32(truncatingIfNeeded: node) { return }
            node = child
            position += 1
        }
    }
}

/// Puts the nodes of a `PieceTree` into their places.
private struct PieceTreeBuilder {
    /// Pieces that begin alike, as far as to the node that they belong to.
    private struct Branch {
        let node: Int
        let depth: Int
        let places: Range<Int>
    }

    private let storage: PieceStorage
    private let values: [Int32]
    private(set) var units: [PieceTree.Unit]
    private(set) var leaves: [PieceTree.Leaf] = []
    private(set) var repeated: [(place: Int, value: Int32)] = []
    /// The places of the pieces; those of one branch follow each other.
    private var order: [Int32]
    private var sorted: [Int32]
    /// The next byte of each piece in `order`, plus 1; 0 for pieces that end.
    private var keys: [UInt16]
    /// How many pieces of a branch have each key, and where those of a key go.
    private var counts = [Int](repeating: 0, count: 257)
    /// The keys of a branch and how many pieces have each.
    private var groups: [(key: Int, count: Int)] = []
    private var branches: [Branch] = []
    /// No unit from 256 to this one is free: a child is at its base plus a byte, and a base is not negative.
    private var firstFree = 256
    /// Where the last place for several children was.
    private var firstTried = 256

    init(_ storage: PieceStorage, _ values: [Int32]) {
        self.storage = storage
        self.values = values
        order = Array(0..<Int32(storage.count))
        sorted = order
        keys = [UInt16](repeating: 0, count: storage.count)
        units = [PieceTree.Unit](repeating: PieceTree.Unit(), count: 512)
        units.reserveCapacity(2 * storage.count + 1024)
        units[0].parent = -1
        leaves.reserveCapacity(storage.count)
    }

    mutating func build() {
        branches.append(Branch(node: 0, depth: 0, places: 0..<order.count))
        storage.bytes.withUnsafeBufferPointer { bytes in
            while let branch = branches.popLast() { grow(branch, bytes) }
        }
    }

    /// Gives a node its value and its children.
    private mutating func grow(_ branch: Branch, _ bytes: UnsafeBufferPointer<UInt8>) {
        sort(branch, bytes)
        var start = branch.places.lowerBound
        if let count = groups.first?.count, groups[0].key == 0 {
            for place in order[start..<start + count] { end(Int(place), at: branch.node) }
            start += count
            groups.removeFirst()
        }
        if groups.isEmpty { return }
        let base = findBase()
        units[branch.node].base = Int32(truncatingIfNeeded: base)
        for (key, count) in groups {
            let child = base + key - 1
            units[child].parent = Int32(truncatingIfNeeded: branch.node)
            if count == 1 {
                addLeaf(Int(order[start]), depth: branch.depth + 1, at: child)
            } else {
                branches.append(Branch(node: child, depth: branch.depth + 1, places: start..<start + count))
            }
            start += count
        }
    }

    /// Sorts the pieces of a branch by their next byte, those that end before it first, and counts them in `groups`.
    private mutating func sort(_ branch: Branch, _ bytes: UnsafeBufferPointer<UInt8>) {
        groups.removeAll(keepingCapacity: true)
        for index in branch.places {
            let range = storage.range(Int(order[index]))
            let position = range.lowerBound + branch.depth
            let key = position < range.upperBound ? Int(bytes[position]) + 1 : 0
            keys[index] = UInt16(truncatingIfNeeded: key)
            if counts[key] == 0 { groups.append((key, 0)) }
            counts[key] += 1
        }
        if groups.count > 1 { groups.sort { $0.key < $1.key } }
        var start = branch.places.lowerBound
        for place in groups.indices {
            let key = groups[place].key
            groups[place].count = counts[key]
            (start, counts[key]) = (start + counts[key], start)
        }
        for index in branch.places {
            let key = Int(keys[index])
            sorted[counts[key]] = order[index]
            counts[key] += 1
        }
        for (key, _) in groups { counts[key] = 0 }
        for index in branch.places { order[index] = sorted[index] }
    }

    /// A base at which the units of all `groups` are free. An only child takes the first free unit, so that gaps are
    /// filled; several children go behind those before them, so that few places have to be tried.
    private mutating func findBase() -> Int {
        let first = groups[0].key - 1
        var place: Int
        if groups.count == 1 {
            while firstFree < units.count && units[firstFree].parent != PieceTree.Unit.free { firstFree += 1 }
            place = firstFree
        } else {
            place = firstTried
            while !isFree(place - first) { place += 1 }
            firstTried = place
        }
        // A search may look at any of the 256 units from a base on.
        while units.count < place - first + 256 { units.append(PieceTree.Unit()) }
        return place - first
    }

    private func isFree(_ base: Int) -> Bool {
        for (key, _) in groups {
            let place = base + key - 1
            if place < units.count && units[place].parent != PieceTree.Unit.free { return false }
        }
        return true
    }

    private mutating func end(_ place: Int, at node: Int) {
        if units[node].value >= 0 { repeated.append((place, units[node].value)) }
        units[node].value = values[place]
    }

    private mutating func addLeaf(_ place: Int, depth: Int, at node: Int) {
        let range = storage.range(place)
        units[node].base = ~Int32(truncatingIfNeeded: leaves.count)
        leaves.append(
            PieceTree.Leaf(
                value: values[place], start: Int32(truncatingIfNeeded: range.lowerBound + depth),
                count: Int32(truncatingIfNeeded: range.count - depth)))
    }
}
