import Foundation

/// The lines of standard input, without their ends, read in large pieces.
package struct LineReader {
    private var buffer: [UInt8] = []
    private var position = 0
    private var atEnd = false
    /// Why reading stopped before the end.
    package private(set) var failure: String?

    /// Nothing has been read yet.
    package init() {}

    /// The next line; `nil` at the end.
    package mutating func next() -> [UInt8]? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return Array(buffer[position..<end])
            }
            if atEnd {
                guard position < buffer.count else { return nil }
                defer { position = buffer.count }
                return Array(buffer[position...])
            }
            buffer.removeFirst(position)
            position = 0
            searched = buffer.count
            fill()
        }
    }

    private mutating func fill() {
        let piece = [UInt8](unsafeUninitializedCapacity: 1 << 20) { memory, count in
            var received: Int
            repeat {
                received = Foundation.read(0, memory.baseAddress, memory.count)
            } while received < 0 && errno == EINTR
            if received < 0 { failure = String(cString: strerror(errno)) }
            count = max(0, received)
        }
        atEnd = piece.isEmpty
        buffer += piece
    }
}
