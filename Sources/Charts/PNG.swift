import CZlib
import Foundation

/// Writes pixels as PNG.
///
/// - Source: W3C, Portable Network Graphics, third edition.
enum PNG {
    /// The file of a drawing, with twice its resolution, for screens that have it.
    static func data(_ canvas: Canvas) -> Data {
        let raster = Raster(canvas, scale: 2)
        var file = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        // Eight bits a channel, three channels, the usual methods, not interlaced.
        file += chunk("IHDR", bigEndian(UInt32(raster.width)) + bigEndian(UInt32(raster.height)) + [8, 2, 0, 0, 0])
        file += chunk("IDAT", compressed(filtered(raster)))
        file += chunk("IEND", [])
        return file
    }

    /// The rows of the picture, each after the filter 2, "up": what equals the row above becomes zero.
    private static func filtered(_ raster: Raster) -> [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity(raster.pixels.count + raster.height)
        let stride = 3 * raster.width
        for row in 0..<raster.height {
            rows.append(2)
            for column in 0..<stride {
                let above = row > 0 ? raster.pixels[(row - 1) * stride + column] : 0
                rows.append(raster.pixels[row * stride + column] &- above)
            }
        }
        return rows
    }

    private static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var size = compressBound(uLong(bytes.count))
        return [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            let status = compress2(buffer.baseAddress, &size, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION)
            // It fails only for a buffer that is too small, or without memory.
            precondition(status == Z_OK, "zlib could not compress \(bytes.count) bytes")
            count = Int(size)
        }
    }

    private static func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + contents
        return bigEndian(UInt32(contents.count)) + body + bigEndian(UInt32(crc32(0, body, uInt(body.count))))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }
}
