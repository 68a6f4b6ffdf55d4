import Files
import Foundation
import Scratch
import Testing

@Suite("Fingerprints of files")
struct FileDigestTests {
    /// The test vectors of FIPS 180-4, and what `git hash-object` says.
    @Test(
        "SHA-256, and the SHA-1 that git knows a file by",
        arguments: [
            (
                "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
            ),
            (
                "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"
            ),
        ])
    func vectors(text: String, sha256: String, git: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("file").path
            try DurableFiles.write(text, to: path)
            #expect(try FileDigest.sha256(path: path) == sha256)
            #expect(try FileDigest.gitBlob(path: path) == git)
        }
    }

    @Test("A missing file is named")
    func missing() {
        let error = #expect(throws: FileError.self) { try FileDigest.sha256(path: "/does/not/exist") }
        #expect(error?.path == "/does/not/exist" && error?.isMissing == true)
    }
}
