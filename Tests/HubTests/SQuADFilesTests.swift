import Files
import Foundation
import Hub
import LocalHub
import SQuAD
import Testing

@Suite("The official SQuAD files")
struct SQuADFilesTests {
    private static let text = String(repeating: "question ", count: 5000)

    /// Runs `body` with a server, an empty cache and a file that is known to be the server's, or damaged.
    private func withFiles(
        sha256: String? = nil, _ body: (LocalHub, SQuADFiles, _ folder: String) async throws -> Void
    ) async throws {
        let server = try LocalHub(files: ["train-v1.1.json": Self.text])
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        defer {
            server.stop()
            do { try FileManager.default.removeItem(atPath: folder) } catch { Issue.record("\(folder): \(error)") }
        }
        let digest = Digest.sha256(of: Self.text.utf8).hexadecimal
        let known = OfficialFile(
            dataset: "squad", part: "train", name: "train-v1.1.json", size: Self.text.utf8.count,
            sha256: sha256 ?? digest)
        let files = SQuADFiles(endpoint: "\(server.endpoint)/store", folder: folder, known: [known])
        try await body(server, files, folder)
    }

    @Test("are fetched once, taken up where a transfer broke off, and then found without the network")
    func fetching() async throws {
        try await withFiles { server, files, folder in
            server.state.withLock { state in
                state.failures = [503]
                state.breaks["train-v1.1.json"] = [1000]
            }
            let path = try #require(try await files.file("squad", .train))
            #expect(path == "\(folder)/train-v1.1.json")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.text)
            let ranges = server.transfers("train-v1.1.json").map { $0.headers["range"] }
            #expect(ranges == [nil, nil, "bytes=1000-"])
            server.stop()
            #expect(try await files.file("squad", .train) == path)
        }
    }

    @Test("are refused with another checksum, and nothing is kept")
    func damaged() async throws {
        try await withFiles(sha256: String(repeating: "0", count: 64)) { _, files, folder in
            await #expect(throws: HubError.self) { try await files.file("squad", .train) }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasSuffix(".lock") }
            #expect(left.isEmpty)
        }
    }

    @Test("have two names; others are none")
    func names() async throws {
        try await withFiles { _, files, folder in
            #expect(try await files.file("squad3", .train) == nil)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }
}
