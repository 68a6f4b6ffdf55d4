/// Converts between UTF-8 byte offsets, used inside, and Unicode scalar offsets, used in files and JSON, for one text.
public struct ScalarOffsets: Sendable {
    /// For each byte offset, the end included, the number of scalars that begin before it; `nil`: the text is ASCII.
    private let scalarsBefore: [Int32]?
    private let byteCount: Int
    /// The number of Unicode scalars in the text.
    public let scalarCount: Int

    /// Prepares the conversion for a text; one pass over it.
    public init(_ text: String) {
        var text = text
        (scalarsBefore, byteCount, scalarCount) = text.withUTF8 { bytes in
            if bytes.allSatisfy({ $0 < 0x80 }) { return (nil, bytes.count, bytes.count) }
            var before: [Int32] = []
            before.reserveCapacity(bytes.count + 1)
            var count: Int32 = 0
            for byte in bytes {
                before.append(count)
                if byte & 0xC0 != 0x80 { count += 1 }
            }
            before.append(count)
            return (before, bytes.count, Int(count))
        }
    }

    /// The scalars that the bytes `range` hold; `range` must lie in the text, on scalar boundaries.
    public func scalars(utf8 range: Range<Int32>) -> Range<Int> {
        guard let scalarsBefore else { return Int(range.lowerBound)..<Int(range.upperBound) }
        return Int(scalarsBefore[Int(range.lowerBound)])..<Int(scalarsBefore[Int(range.upperBound)])
    }

    /// The bytes of the scalars `range`; `nil` if it reaches out of the text.
    public func utf8(scalars range: Range<Int>) -> Range<Int>? {
        guard range.lowerBound >= 0, range.upperBound <= scalarCount else { return nil }
        guard scalarsBefore != nil else { return range }
        return byte(range.lowerBound)..<byte(range.upperBound)
    }

    /// The byte at which scalar `index` begins: the last one that has `index` scalars before it.
    private func byte(_ index: Int) -> Int {
        guard let scalarsBefore else { return index }
        var low = 0
        var high = byteCount
        while low < high {
            let middle = (low + high + 1) / 2
            if Int(scalarsBefore[middle]) <= index { low = middle } else { high = middle - 1 }
        }
        return low
    }
}
