import Files
import Scratch
import Testing

@Suite("Fingerprints")
struct DigestTests {
    /// The test vectors of FIPS 180-4.
    @Test(
        "SHA-256 of a file",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func vectors(text: String, expected: String) throws {
        let root = try TemporaryDirectory()
        try root.write(text, to: "file")
        #expect(try FileDigest.sha256(path: "\(root.path)/file") == expected)
    }

    @Test("a missing file is named")
    func missing() {
        let error = #expect(throws: FileError.self) { try FileDigest.sha256(path: "/does/not/exist") }
        #expect(error?.path == "/does/not/exist")
    }
}
