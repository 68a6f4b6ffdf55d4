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
        for index in 0..<count {
            starts[index] = base + Int32(truncatingIfNeeded: index)
            ends[index] = base + Int32(truncatingIfNeeded: index) + 1
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
