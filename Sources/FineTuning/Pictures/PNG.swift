import Foundation

/// Writes pixels as PNG.
///
/// - Source: W3C, Portable Network Graphics, third edition; RFC 1950 and RFC 1951 for the compressed data.
enum PNG {
    /// The file of a drawing, with twice its resolution, for screens that have it.
    static func data(_ canvas: Canvas) -> Data {
        let raster = Raster(canvas, scale: 2)
        var rows: [UInt8] = []
        rows.reserveCapacity(raster.pixels.count + raster.height)
        let stride = 3 * raster.width
        for row in 0..<raster.height {
            // Filter 2, "up": what is as in the row above becomes zero.
            rows.append(2)
            for column in 0..<stride {
                let above = row > 0 ? raster.pixels[(row - 1) * stride + column] : 0
                rows.append(raster.pixels[row * stride + column] &- above)
            }
        }
        var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        // Eight bits a channel, three channels, the usual methods, not interlaced.
        file += chunk("IHDR", bigEndian(UInt32(raster.width)) + bigEndian(UInt32(raster.height)) + [8, 2, 0, 0, 0])
        file += chunk("IDAT", [0x78, 0x01] + Deflate.runs(rows) + bigEndian(adler32(rows)))
        file += chunk("IEND", [])
        return file
    }

    private static func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + contents
        return bigEndian(UInt32(contents.count)) + body + bigEndian(crc32(body))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        // 5,552 bytes are the most after which the sums still fit 32 bits.
        for start in stride(from: 0, to: bytes.count, by: 5552) {
            for byte in bytes[start..<min(start + 5552, bytes.count)] {
                low &+= UInt32(byte)
                high &+= low
            }
            low %= 65_521
            high %= 65_521
        }
        return high << 16 | low
    }
}

/// Compresses runs of one byte, which is what a filtered drawing is made of: deflate with its fixed codes, and matches with
/// the byte before only.
enum Deflate {
    /// One final block.
    static func runs(_ bytes: [UInt8]) -> [UInt8] {
        var stream = BitStream()
        stream.add(1, 1)
        stream.add(1, 2)
        var index = 0
        while index < bytes.count {
            stream.add(literal: Int(bytes[index]))
            var run = 0
            while index + 1 + run < bytes.count, bytes[index + 1 + run] == bytes[index] { run += 1 }
            index += 1 + run
            while run >= 3 {
                let length = min(258, run)
                stream.add(length: length)
                run -= length
            }
            for _ in 0..<run { stream.add(literal: Int(bytes[index - 1])) }
        }
        stream.add(literal: 256)
        return stream.bytes()
    }

    /// Bits, the first one lowest in its byte.
    private struct BitStream {
        private var full: [UInt8] = []
        private var pending: UInt64 = 0
        private var count = 0

        mutating func add(_ bits: Int, _ width: Int) {
            pending |= UInt64(bits) << UInt64(count)
            count += width
            while count >= 8 {
                full.append(UInt8(pending & 0xFF))
                pending >>= 8
                count -= 8
            }
        }

        /// A symbol of the fixed literal and length code. Codes are stored from their highest bit on.
        mutating func add(literal symbol: Int) {
            switch symbol {
            case ..<144: addReversed(0x30 + symbol, 8)
            case ..<256: addReversed(0x190 + symbol - 144, 9)
            case ..<280: addReversed(symbol - 256, 7)
            default: addReversed(0xC0 + symbol - 280, 8)
            }
        }

        /// A match of 3 to 258 bytes with the byte before.
        mutating func add(length: Int) {
            if length == 258 {
                add(literal: 285)
            } else {
                // Four symbols share a number of extra bits, from length 11 on.
                let offset = length - 3
                let extra = offset < 8 ? 0 : Int.bitWidth - offset.leadingZeroBitCount - 3
                add(literal: 257 + 4 * extra + (offset >> extra))
                add(offset & ((1 << extra) - 1), extra)
            }
            addReversed(0, 5)
        }

        private mutating func addReversed(_ code: Int, _ width: Int) {
            for bit in (0..<width).reversed() { add(code >> bit & 1, 1) }
        }

        mutating func bytes() -> [UInt8] {
            if count > 0 { add(0, 8 - count) }
            return full
        }
    }
}
