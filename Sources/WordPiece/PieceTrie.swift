/// The pieces of a vocabulary as a tree over their UTF-8 bytes, for longest-match searches without any allocation.
///
/// Edges live in one open-addressing table keyed by (node, byte): built in one pass, one memory access a byte.
final class PieceTrie: @unchecked Sendable {  // the memory is written in `init` only
    static let root = 0
    /// More bytes of vocabulary than this do not fit the packed edges.
    static let maximumNodes = 1 << 24

    private let edges: UnsafeMutablePointer<UInt64>
    private let accepts: UnsafeMutablePointer<Int32>
    private let shift: UInt64
    private let mask: Int

    /// Builds the tree of the first `count` pieces of `storage`; piece `i` gets id `i`.
    ///
    /// Returns the ids of pieces that stand twice, with the id they first had, in `duplicates`.
    init(_ storage: PieceStorage, count: Int, duplicates: inout [(id: Int, first: Int32)]) {
        let bits = max(10, 64 - (storage.bytes.count * 2).leadingZeroBitCount)
        shift = UInt64(64 - bits)
        mask = 1 << bits - 1
        edges = .allocate(capacity: mask + 1)
        edges.initialize(repeating: 0, count: mask + 1)
        accepts = .allocate(capacity: storage.bytes.count + 1)
        accepts.initialize(repeating: -1, count: storage.bytes.count + 1)
        var nodes = 1
        storage.bytes.withUnsafeBufferPointer { bytes in
            for id in 0..<count {
                var node = Self.root
                for position in storage.range(id) { node = insert(node, bytes[position], &nodes) }
                if accepts[node] >= 0 {
                    duplicates.append((id, accepts[node]))
                } else {
                    accepts[node] = Int32(truncatingIfNeeded: id)
                }
            }
        }
    }

    deinit {
        edges.deallocate()
        accepts.deallocate()
    }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    private func insert(_ node: Int, _ byte: UInt8, _ nodes: inout Int) -> Int {
        let key = UInt64(node) << 8 | UInt64(byte)
        var index = slot(key)
        while edges[index] != 0 {
            if edges[index] >> 32 == key { return Int(edges[index] & 0xFFFF_FFFF) }
            index = (index + 1) & mask
        }
        edges[index] = key << 32 | UInt64(nodes)
        nodes += 1
        return nodes - 1
    }

    /// The node behind `byte`, or -1.
    @inline(__always)
    func step(_ node: Int, _ byte: UInt8) -> Int {
        let key = UInt64(truncatingIfNeeded: node) << 8 | UInt64(byte)
        var index = slot(key)
        while edges[index] != 0 {
            if edges[index] >> 32 == key { return Int(truncatingIfNeeded: edges[index] & 0xFFFF_FFFF) }
            index = (index + 1) & mask
        }
        return -1
    }

    /// The node that `bytes` lead to from the root, or -1.
    func node(_ bytes: some Sequence<UInt8>) -> Int {
        var node = Self.root
        for byte in bytes where node >= 0 { node = step(node, byte) }
        return node
    }

    /// The id of the piece that ends at `node`, or -1.
    func id(at node: Int) -> Int32 { node < 0 ? -1 : accepts[node] }

    /// The longest piece that `bytes` begin with, continuing from `node`: its id, or -1, and its length in bytes.
    @inline(__always)
    func longestMatch(_ bytes: UnsafePointer<UInt8>, _ length: Int, from node: Int) -> (id: Int32, length: Int) {
        var node = node
        var best: (id: Int32, length: Int) = (-1, 0)
        var position = 0
        while position < length {
            node = step(node, bytes[position])
            if node < 0 { break }
            position += 1
            let id = accepts[node]
            if id >= 0 { best = (id, position) }
        }
        return best
    }
}

/// The spellings of all tokens, one after the other.
struct PieceStorage: Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    mutating func append(_ piece: some Sequence<UInt8>) {
        bytes.append(contentsOf: piece)
        ends.append(bytes.count)
    }

    func range(_ id: Int) -> Range<Int> { (id == 0 ? 0 : ends[id - 1])..<ends[id] }

    subscript(id: Int) -> String { String(decoding: bytes[range(id)], as: UTF8.self) }
}
