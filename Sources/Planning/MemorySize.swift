import Console
import Foundation

/// A number of bytes as people write it.
package struct MemorySize: Sendable, Hashable, CustomStringConvertible {
    /// The bytes.
    package let bytes: Int

    private static let units: [(name: String, bytes: Double)] = [
        ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ]

    /// More than any machine has, in bytes: sums of sizes below it do not overflow.
    private static let most = 0x1p50

    /// That many bytes.
    package init(bytes: Int) {
        self.bytes = bytes
    }

    /// A size such as `12GiB`, `7.5 GiB` or `16GB`; nil for anything else. A unit is needed, whatever its case, and the
    /// size must be above 0 and at most 1024 TiB.
    package init?(_ text: String) {
        let trimmed = text.trimmingCharacters(in: .whitespaces).lowercased()
        guard let unit = Self.units.first(where: { trimmed.hasSuffix($0.name.lowercased()) }) else { return nil }
        let number = trimmed.dropLast(unit.name.utf8.count).trimmingCharacters(in: .whitespaces)
        // `Double` would take signs, hexadecimal digits and `inf` too.
        guard !number.isEmpty, number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let value = Double(number), value > 0, value * unit.bytes <= Self.most,
            let bytes = Int(exactly: (value * unit.bytes).rounded())
        else { return nil }
        self.bytes = bytes
    }

    /// The size in MiB, from 10 GiB on in GiB, such as `871 MiB` or `23.4 GiB`.
    package var description: String {
        let size = Double(bytes)
        return size < 10 * 0x1p30
            ? "\(Figures.fixed(size / 0x1p20, 0)) MiB" : "\(Figures.fixed(size / 0x1p30, 1)) GiB"
    }
}
