/// The vocabulary's whole words of up to 12 bytes by their bytes: most words are one token and found with one memory
/// access.
final class WordTable: @unchecked Sendable {  // the memory is written in `init` only
    static let longest = 12
    /// So many bytes are read of every word.
    static let readable = 16

    private struct Slot {
        var low: UInt64
        var high: UInt32
        var id: Int32
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let mask: Int

    /// The pieces at `places` of `storage` that are short enough; `ids` has the id of each place.
    init(_ storage: PieceStorage, places: [Int], ids: [Int32]) {
        mask = 1 << max(8, 64 - (places.count * 4 / 3).leadingZeroBitCount) - 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: Slot(low: 0, high: 0, id: -1), count: mask + 1)
        for place in places {
            let range = storage.range(place)
            // A byte of value 0 at the end would look like the end of the word: such tokens are left to the tree.
            guard (1...Self.longest).contains(range.count), storage.bytes[range.upperBound - 1] != 0 else { continue }
            let padded = storage.bytes[range] + repeatElement(0, count: Self.readable - range.count)
            let (low, high) = padded.withUnsafeBufferPointer { Self.key($0.baseAddress, range.count) }
            var index = Self.slot(low, high) & mask
            while slots[index].id >= 0 { index = (index + 1) & mask }
            slots[index] = Slot(low: low, high: high, id: ids[place])
        }
    }

    deinit { slots.deallocate() }

    /// The id of the word of `length` bytes, or -1; `readable` bytes must be readable.
    @inline(__always)
    func id(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int32 {
        let (low, high) = Self.key(bytes, length)
        var index = Self.slot(low, high) & mask
        while true {
            let slot = slots + index
            if slot.pointee.low == low && slot.pointee.high == high {
                // Without this a word that ends in U+0000 would look like the same word without it.
                return bytes[length - 1] == 0 ? -1 : slot.pointee.id
            }
            if slot.pointee.id < 0 { return -1 }
            index = (index + 1) & mask
        }
    }

    /// The word's bytes as two integers, zeros behind its end.
    @inline(__always)
    private static func key(_ bytes: UnsafePointer<UInt8>?, _ length: Int) -> (UInt64, UInt32) {
        guard let bytes else { return (0, 0) }
        let raw = UnsafeRawPointer(bytes)
        let low = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
        if length <= 8 { return (low & (~0 >> UInt64(truncatingIfNeeded: 64 - 8 * length)), 0) }
        let high = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        return (low, high & (~0 >> UInt32(truncatingIfNeeded: 96 - 8 * length)))
    }

    @inline(__always)
    private static func slot(_ low: UInt64, _ high: UInt32) -> Int {
        let mixed = (low ^ UInt64(high) &* 0xC2B2_AE3D_27D4_EB4F) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 40)
    }
}
