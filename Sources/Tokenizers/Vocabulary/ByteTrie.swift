/// Spellings as a tree over their UTF-8 bytes, each with a number, for longest-match searches without any allocation.
///
/// Edges live in one open-addressing table keyed by (node, byte): built in one pass, one memory access a byte.
final class ByteTrie: @unchecked Sendable {  // the memory is written in `init` only
    static let root = 0
    /// More bytes than this do not fit the packed edges.
    static let maximumNodes = 1 << 24
    /// In an edge's target: a piece ends there.
    private static let accepting: UInt64 = 1 << 31

    /// The key, 24 bits of node and 8 of byte, above the target; 0 if there is no edge: none leads to the root.
    private var edges: UnsafeMutablePointer<UInt64>
    private let accepts: UnsafeMutablePointer<Int32>
    private var bits = 12
    private var nodes = 1

    /// Which of two equal spellings counts.
    enum Preference { case first, last }

    /// Builds the tree; the piece at place `i` of `storage` gets `values[i]`, which is not negative.
    ///
    /// - Parameter repeated: gets each place whose spelling was there before, with the value it had until then.
    init(
        _ storage: PieceStorage, values: [Int32], preferring preference: Preference,
        repeated: (_ place: Int, _ value: Int32) -> Void = { _, _ in }
    ) {
        edges = .allocate(capacity: 1 << bits)
        edges.initialize(repeating: 0, count: 1 << bits)
        accepts = .allocate(capacity: storage.bytes.count + 1)
        accepts.initialize(repeating: -1, count: storage.bytes.count + 1)
        storage.bytes.withUnsafeBufferPointer { bytes in
            for place in 0..<storage.count {
                var node = Self.root
                var last = -1
                for position in storage.range(place) { (node, last) = insert(node, bytes[position]) }
                let before = accepts[node]
                if before >= 0 { repeated(place, before) }
                if before < 0 || preference == .last { accepts[node] = values[place] }
                if last >= 0 { edges[last] |= Self.accepting }
            }
        }
    }

    deinit {
        edges.deallocate()
        accepts.deallocate()
    }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> UInt64(truncatingIfNeeded: 64 - bits))
    }

    /// Where the edge with this key is, or the free place where it belongs.
    @inline(__always)
    private func place(_ key: UInt64) -> Int {
        var index = slot(key)
        while edges[index] != 0 && edges[index] >> 32 != key { index = (index + 1) & (1 << bits - 1) }
        return index
    }

    private func insert(_ node: Int, _ byte: UInt8) -> (node: Int, edge: Int) {
        let key = UInt64(node) << 8 | UInt64(byte)
        var index = place(key)
        if edges[index] != 0 { return (Int(edges[index] & (Self.accepting - 1)), index) }
        // Two thirds full at most; small enough to stay in the cache, which is what the speed depends on.
        if nodes * 3 > 2 << bits {
            grow()
            index = place(key)
        }
        edges[index] = key << 32 | UInt64(nodes)
        nodes += 1
        return (nodes - 1, index)
    }

    private func grow() {
        let old = UnsafeMutableBufferPointer(start: edges, count: 1 << bits)
        bits += 1
        edges = .allocate(capacity: 1 << bits)
        edges.initialize(repeating: 0, count: 1 << bits)
        for edge in old where edge != 0 { edges[place(edge >> 32)] = edge }
        old.deallocate()
    }

    /// The node that `bytes` lead to from `start`, or -1.
    func node(_ bytes: some Sequence<UInt8>, from start: Int = root) -> Int {
        var node = start
        for byte in bytes where node >= 0 {
            let edge = edges[place(UInt64(node) << 8 | UInt64(byte))]
            node = edge == 0 ? -1 : Int(edge & (Self.accepting - 1))
        }
        return node
    }

    /// The value of the piece that ends at `node`, or -1.
    func value(at node: Int) -> Int32 { node < 0 ? -1 : accepts[node] }

    /// The longest piece that `bytes` begin with, continuing from `node`: its value, or -1, and its length in bytes.
    @inline(__always)
    func longestMatch(_ bytes: UnsafePointer<UInt8>, _ length: Int, from node: Int) -> (value: Int32, length: Int) {
        var node = UInt64(truncatingIfNeeded: node)
        var best: (node: UInt64, length: Int) = (0, 0)
        var position = 0
        while position < length {
            let edge = edges[place(node << 8 | UInt64(bytes[position]))]
            if edge == 0 { break }
            position += 1
            node = edge & (Self.accepting - 1)
            if edge & Self.accepting != 0 { best = (node, position) }
        }
        return best.length == 0 ? (-1, 0) : (accepts[Int(truncatingIfNeeded: best.node)], best.length)
    }
}
