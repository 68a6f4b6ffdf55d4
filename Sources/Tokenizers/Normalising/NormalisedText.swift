/// A normalised piece of text with, for each of its bytes, the source bytes it came from.
///
/// As long as nothing was removed, added or replaced by something longer (plain ASCII), byte `i` came from byte `base +
/// i` and no positions are stored. Reused from text to text, so that no memory is requested per text;
/// `WordTable.readable` bytes behind the end can be read.
final class NormalisedText {
    private(set) var bytes: UnsafeMutablePointer<UInt8>
    private(set) var starts: UnsafeMutablePointer<Int32>
    private(set) var ends: UnsafeMutablePointer<Int32>
    private var capacity: Int
    private(set) var count = 0
    private(set) var base: Int32 = 0
    private(set) var isIdentity = true

    init(capacity: Int = 4096) {
        self.capacity = capacity
        bytes = .allocate(capacity: capacity + WordTable.readable)
        bytes.initialize(repeating: 0, count: capacity + WordTable.readable)
        starts = .allocate(capacity: capacity)
        ends = .allocate(capacity: capacity)
    }

    deinit {
        bytes.deallocate()
        starts.deallocate()
        ends.deallocate()
    }

    /// Empties the text, for a source piece that begins at `base`.
    func reset(base: Int, reserving size: Int) {
        count = 0
        isIdentity = true
        self.base = Int32(truncatingIfNeeded: base)
        if size > capacity { grow(to: size) }
    }

    /// Becomes the source bytes `range` as they are.
    func copy(_ source: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        reset(base: range.lowerBound, reserving: range.count)
        guard let start = source.baseAddress else { return }
        bytes.update(from: start + range.lowerBound, count: range.count)
        count = range.count
    }

    /// Appends the bytes `range` of another text with their source positions; the text must have been reset.
    func append(_ other: NormalisedText, _ range: Range<Int>) {
        reserve(range.count)
        (bytes + count).update(from: other.bytes + range.lowerBound, count: range.count)
        let start = other.base + Int32(truncatingIfNeeded: range.lowerBound)
        if !(isIdentity && other.isIdentity && start == base + Int32(truncatingIfNeeded: count)) {
            leaveIdentity()
            if other.isIdentity {
                storePositions(count..<count + range.count, from: start)
            } else {
                (starts + count).update(from: other.starts + range.lowerBound, count: range.count)
                (ends + count).update(from: other.ends + range.lowerBound, count: range.count)
            }
        }
        count += range.count
    }

    /// Appends a text, all its bytes from the source bytes `source`.
    func append(_ text: [UInt8], from source: Range<Int32>) {
        leaveIdentity()
        reserve(text.count)
        for byte in text { append(byte, source.lowerBound, source.upperBound) }
    }

    /// Makes positions in the text `first`, which this one was made of, into positions in the source of that.
    func follow(_ first: NormalisedText) {
        leaveIdentity()
        for index in 0..<count {
            let source = first.source(Int(starts[index]), Int(ends[index]))
            (starts[index], ends[index]) = (source.lowerBound, source.upperBound)
        }
    }

    /// Calls `body` with each scalar, the place of its first byte and the place behind it.
    @inline(__always)
    func forEachScalar(in range: Range<Int>, _ body: (_ scalar: UInt32, _ start: Int, _ end: Int) -> Void) {
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, next) = UTF8Scalars.decode(UnsafePointer(bytes), position)
            body(scalar, position, next)
            position = next
        }
    }

    /// Whether all bytes are ASCII.
    var isASCII: Bool { UnsafeBufferPointer(start: bytes, count: count).allSatisfy { $0 < 0x80 } }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    func reserve(_ extra: Int) {
        if count + extra > capacity { grow(to: max(capacity * 2, count + extra)) }
    }

    /// Appends ASCII bytes already written behind `count`; valid only after `reserve`.
    @inline(__always)
    func advanceIdentity(_ length: Int) { count += length }

    /// Starts to store positions: what follows is not one byte for one byte.
    func leaveIdentity() {
        guard isIdentity else { return }
        isIdentity = false
        storePositions(0..<count, from: base)
    }

    /// Stores that the bytes `range` came from source bytes one after the other: each from all those of its scalar.
    private func storePositions(_ range: Range<Int>, from start: Int32) {
        for index in range {
            let first = start + Int32(truncatingIfNeeded: index - range.lowerBound)
            starts[index] = first
            ends[index] = first + 1
        }
        guard UnsafeBufferPointer(start: bytes, count: range.upperBound)[range].contains(where: { $0 >= 0x80 }) else {
            return
        }
        var position = range.lowerBound
        while position < range.upperBound {
            let length = UTF8Scalars.length(bytes[position])
            let (first, last) = (starts[position], ends[position + length - 1])
            for index in position..<position + length { (starts[index], ends[index]) = (first, last) }
            position += length
        }
    }

    /// Appends one byte; the room must be reserved and `leaveIdentity` called.
    @inline(__always)
    func append(_ byte: UInt8, _ start: Int32, _ end: Int32) {
        bytes[count] = byte
        starts[count] = start
        ends[count] = end
        count += 1
    }

    /// Where `length` more bytes and their positions go, which `advance` then makes part of the text: for loops that
    /// would otherwise look up this object for each byte. `leaveIdentity` must have been called.
    func room(
        for length: Int
    ) -> (bytes: UnsafeMutablePointer<UInt8>, starts: UnsafeMutablePointer<Int32>, ends: UnsafeMutablePointer<Int32>) {
        reserve(length)
        return (bytes + count, starts + count, ends + count)
    }

    /// Makes bytes behind the end, which are written already, part of the text.
    func advance(_ length: Int) { count += length }

    /// Appends a scalar as UTF-8, all its bytes from the source bytes `start..<end`.
    @inline(__always)
    func append(scalar: UInt32, _ start: Int32, _ end: Int32) {
        reserve(4)
        UTF8Scalars.encode(scalar) { append($0, start, end) }
    }

    /// The source bytes that the normalised bytes `range` (not empty) came from.
    @inline(__always)
    func source(_ start: Int, _ end: Int) -> Range<Int32> {
        isIdentity
            ? base + Int32(truncatingIfNeeded: start)..<base + Int32(truncatingIfNeeded: end)
            : starts[start]..<ends[end - 1]
    }

    private func grow(to size: Int) {
        bytes = moved(bytes, to: size + WordTable.readable)
        (bytes + count).initialize(repeating: 0, count: size + WordTable.readable - count)
        starts = moved(starts, to: size)
        ends = moved(ends, to: size)
        capacity = size
    }

    private func moved<T>(_ old: UnsafeMutablePointer<T>, to size: Int) -> UnsafeMutablePointer<T> {
        let new = UnsafeMutablePointer<T>.allocate(capacity: size)
        new.moveInitialize(from: old, count: count)
        old.deallocate()
        return new
    }
}
