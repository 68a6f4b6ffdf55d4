/// Unicode scalars in valid UTF-8 bytes.
enum UTF8Scalars {
    /// The scalar at `position` and the position behind it.
    @inline(__always)
    static func decode(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> (scalar: UInt32, next: Int) {
        let first = UInt32(bytes[position])
        if first < 0x80 { return (first, position + 1) }
        let second = UInt32(bytes[position + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, position + 2) }
        let third = UInt32(bytes[position + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, position + 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[position + 3] & 0x3F), position + 4)
    }

    /// Where the scalar that ends at `position` begins.
    static func start(before position: Int, _ bytes: UnsafePointer<UInt8>) -> Int {
        var start = position - 1
        while bytes[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// Calls `body` with each byte of the scalar.
    @inline(__always)
    static func encode(_ scalar: UInt32, _ body: (UInt8) -> Void) {
        if scalar < 0x80 { return body(UInt8(truncatingIfNeeded: scalar)) }
        let last = UInt8(truncatingIfNeeded: scalar & 0x3F | 0x80)
        if scalar < 0x800 {
            body(UInt8(truncatingIfNeeded: scalar >> 6 | 0xC0))
            return body(last)
        }
        if scalar < 0x10000 {
            body(UInt8(truncatingIfNeeded: scalar >> 12 | 0xE0))
        } else {
            body(UInt8(truncatingIfNeeded: scalar >> 18 | 0xF0))
            body(UInt8(truncatingIfNeeded: scalar >> 12 & 0x3F | 0x80))
        }
        body(UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F | 0x80))
        body(last)
    }

    /// How many bytes the scalar has that begins with `first`.
    @inline(__always)
    static func length(_ first: UInt8) -> Int { first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4 }

    /// How many scalars the bytes hold.
    @inline(__always)
    static func count(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int {
        var count = 0
        for index in 0..<length where bytes[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
