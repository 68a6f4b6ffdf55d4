#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The lines of standard input, without their ends, read in large pieces.
struct LineReader {
    private var buffer: [UInt8] = []
    private var position = 0
    private var atEnd = false
    /// Why reading stopped before the end.
    private(set) var failure: String?

    /// The next line; `nil` at the end.
    mutating func next() -> [UInt8]? {
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
            repeat { received = read(0, memory.baseAddress, memory.count) } while received < 0 && errno == EINTR
            if received < 0 { failure = String(cString: strerror(errno)) }
            count = max(0, received)
        }
        atEnd = piece.isEmpty
        buffer += piece
    }
}

/// Standard output, written in large pieces.
struct OutputBuffer {
    private var bytes: [UInt8] = []
    /// Why writing stopped.
    private(set) var failure: String?

    mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ number: Int) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let value = number.magnitude
        var unit: UInt = 1
        while value / unit >= 10 { unit *= 10 }
        while unit > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / unit % 10))
            unit /= 10
        }
    }

    mutating func append(_ numbers: [Int32]) {
        append("[")
        for (index, number) in numbers.enumerated() {
            if index > 0 { append(", ") }
            append(Int(number))
        }
        append("]")
    }

    /// Appends a JSON string.
    mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                append("\\u00")
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func flushIfFull() {
        if bytes.count > 1 << 18 { flush() }
    }

    mutating func flush() {
        var written = 0
        bytes.withUnsafeBytes { memory in
            while written < memory.count && failure == nil {
                let count = write(1, memory.baseAddress.map { $0 + written }, memory.count - written)
                if count >= 0 {
                    written += count
                } else if errno != EINTR {
                    failure = String(cString: strerror(errno))
                }
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
