import Foundation

/// Standard output, written in large pieces.
package struct OutputBuffer {
    private var bytes: [UInt8] = []
    /// Why writing stopped.
    package private(set) var failure: String?

    /// Nothing has been written yet.
    package init() {}

    /// Appends bytes, and writes all of them once there are many.
    package mutating func append(_ body: (inout [UInt8]) throws -> Void) rethrows {
        try body(&bytes)
        if bytes.count > 1 << 18 { flush() }
    }

    /// Writes what is left.
    package mutating func flush() {
        var written = 0
        bytes.withUnsafeBytes { memory in
            while written < memory.count && failure == nil {
                let count = Foundation.write(1, memory.baseAddress.map { $0 + written }, memory.count - written)
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
