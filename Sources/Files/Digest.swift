import CDigests

/// The hash of bytes that come in pieces.
///
/// - Source: FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4
package struct Digest {
    /// What computes a hash: where it starts, and how it adds blocks of 64 bytes.
    private let add: (UnsafeMutablePointer<UInt32>, UnsafeRawPointer, Int) -> Void
    private var state: [UInt32]
    /// What came after the last whole block.
    private var rest: [UInt8] = []
    private var count: UInt64 = 0

    private static let blockSize = 64

    /// A SHA-256 of nothing yet.
    ///
    /// - Parameter isPlain: leaves the processor's own instructions unused; for comparison.
    package static func sha256(isPlain: Bool = false) -> Digest {
        Digest(
            add: isPlain ? { cd_sha256_add_plain($0, $1, $2) } : { cd_sha256_add($0, $1, $2) },
            state: [
                0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
            ])
    }

    /// A SHA-1 of nothing yet: for the names that git gives to files, not for security.
    package static func sha1() -> Digest {
        Digest(
            add: { cd_sha1_add($0, $1, $2) },
            state: [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0])
    }

    /// The SHA-256 of bytes that are in memory, 32 bytes.
    package static func sha256(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var digest = sha256()
        Array(bytes).withUnsafeBytes { digest.update($0) }
        return digest.finalize()
    }

    private init(add: @escaping (UnsafeMutablePointer<UInt32>, UnsafeRawPointer, Int) -> Void, state: [UInt32]) {
        self.add = add
        self.state = state
    }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        count += UInt64(bytes.count)
        var next = 0
        if !rest.isEmpty {
            next = min(Self.blockSize - rest.count, bytes.count)
            rest += bytes[..<next]
            guard rest.count == Self.blockSize else { return }
            rest.withUnsafeBytes { addBlocks($0) }
            rest.removeAll(keepingCapacity: true)
        }
        let whole = (bytes.count - next) / Self.blockSize * Self.blockSize
        addBlocks(UnsafeRawBufferPointer(rebasing: bytes[next..<next + whole]))
        rest += bytes[(next + whole)...]
    }

    private mutating func addBlocks(_ blocks: UnsafeRawBufferPointer) {
        guard let start = blocks.baseAddress, !blocks.isEmpty else { return }
        let add = add
        state.withUnsafeMutableBufferPointer { state in
            if let words = state.baseAddress { add(words, start, blocks.count / Self.blockSize) }
        }
    }

    /// The hash of all bytes that were added, most significant byte first.
    package consuming func finalize() -> [UInt8] {
        var digest = self
        let zeros = (2 * Self.blockSize - 9 - digest.rest.count) % Self.blockSize
        let bits = withUnsafeBytes(of: (digest.count << 3).bigEndian, Array.init)
        ([0x80] + [UInt8](repeating: 0, count: zeros) + bits).withUnsafeBytes { digest.update($0) }
        return digest.state.flatMap { word in withUnsafeBytes(of: word.bigEndian, Array.init) }
    }
}

extension [UInt8] {
    /// The bytes as hexadecimal digits, two a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
