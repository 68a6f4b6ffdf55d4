import Files
import Foundation
import Testing

@Suite("Digests")
struct DigestTests {
    private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0) } }

    private static func hash(_ empty: Digest, _ bytes: [UInt8], piece: Int = .max) -> [UInt8] {
        var digest = empty
        var rest = bytes[...]
        while !rest.isEmpty {
            rest.prefix(piece).withUnsafeBytes { digest.update($0) }
            rest = rest.dropFirst(piece)
        }
        return digest.finalize()
    }

    /// Two of the examples of FIPS 180-4, and a million letters.
    @Test(
        "SHA-256 of the standard's examples",
        arguments: [
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ])
    func examples(text: String, times: Int, expected: String) {
        let bytes = Array(String(repeating: text, count: times).utf8)
        #expect(Digest.sha256(of: bytes).hexadecimal == expected)
    }

    /// Expected: Python 3.11's hashlib, over `bytes(7 * i % 256 for i in range(n))` for each n below 300, and over the
    /// digests of all of them.
    @Test("every length up to several blocks, with the processor's instructions and without")
    func lengths() {
        for isPlain in [true, false] {
            let all = (0..<300).flatMap { Self.hash(.sha256(isPlain: isPlain), Self.bytes($0)) }
            #expect(
                Digest.sha256(of: all).hexadecimal == "f65f14b090e805017546322e618401d41f0710c213e013a5131eb38bbe8f367f"
            )
        }
        let all = (0..<300).flatMap { Self.hash(.sha1(), Self.bytes($0)) }
        #expect(Self.hash(.sha1(), all).hexadecimal == "d86f432ef2b3a77b72697e5684cf65ebf943b865")
    }

    @Test("bytes that come in pieces of any size have the hash of the whole", arguments: [1, 3, 63, 64, 65, 200])
    func pieces(size: Int) {
        let bytes = Self.bytes(1000)
        #expect(Self.hash(.sha256(), bytes, piece: size) == Digest.sha256(of: bytes))
        #expect(Self.hash(.sha1(), bytes, piece: size) == Self.hash(.sha1(), bytes))
    }
}
