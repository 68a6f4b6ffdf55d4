import Files
import Foundation
import Scratch
import Testing

@Suite("Mapped files")
struct MappedFileTests {
    private func failure(_ path: String) -> FileError? {
        do {
            _ = try MappedFile(path: path)
            return nil
        } catch {
            return error
        }
    }

    @Test("The bytes are those of the file")
    func contents() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("numbers")
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
            try Data(bytes).write(to: url)
            let file = try MappedFile(path: url.path)
            #expect(file.path == url.path)
            #expect(file.bytes.elementsEqual(bytes))
        }
    }

    /// Pages of files that this process has in memory, in bytes; nil where the system doesn't tell.
    private static func filePages() -> Int? {
        guard let line = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        return line.split(separator: " ").dropFirst(2).first.flatMap { Int($0) }.map { $0 * Int(getpagesize()) }
    }

    @Test(
        "A released range leaves memory, and is read again from the file",
        .enabled(if: filePages() != nil, "the system does not tell a process's memory"))
    func released() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("large")
            let size = 64 << 20
            try Data(repeating: 7, count: size).write(to: url)
            let file = try MappedFile(path: url.path)
            func sum() -> Int { file.withBytes { bytes in bytes.reduce(0) { $0 + Int($1) } } }
            #expect(sum() == 7 * size)
            let full = try #require(Self.filePages())
            file.release((1 << 20) + 5..<size - 5)
            let left = try #require(Self.filePages())
            #expect(full - left > size / 4 * 3, "\(full) before, \(left) after")
            #expect(sum() == 7 * size)
            file.release(10..<20)
            file.release(0..<0)
            #expect(file.bytes.first == 7)
        }
    }

    @Test("An empty file has no bytes")
    func empty() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("empty")
            try Data().write(to: url)
            let file = try MappedFile(path: url.path)
            #expect(file.bytes.isEmpty)
        }
    }

    @Test("A missing file is told apart from other troubles")
    func missing() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("nothing.json").path
            let error = try #require(failure(path))
            #expect(error.isMissing)
            #expect(error.path == path)
            #expect(error.code == ENOENT)
            #expect(error.description == "\(path): No such file or directory")
        }
    }

    @Test("A path through a file is missing too")
    func throughFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("file")
            try Data([1]).write(to: url)
            #expect(try #require(failure(url.path + "/more")).isMissing)
        }
    }

    @Test("A directory is refused by name")
    func directory() throws {
        try withTemporaryFolder { folder in
            let error = try #require(failure(folder.path))
            #expect(!error.isMissing)
            #expect(error.description == "\(folder.path): it is a directory; a file was expected")
        }
    }

    @Test("A named pipe is refused at once instead of waited for")
    func pipe() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("pipe").path
            try #require(mkfifo(path, 0o600) == 0)
            let error = try #require(failure(path))
            #expect(error.message == "it is not a regular file; a file was expected")
        }
    }

    @Test(
        "A file that may not be read is refused with the system's words",
        .enabled(if: geteuid() != 0, "root may read everything"))
    func unreadable() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("secret")
            try Data([1]).write(to: url)
            try FileManager.default.setAttributes([.posixPermissions: 0o000], ofItemAtPath: url.path)
            let error = try #require(failure(url.path))
            #expect(!error.isMissing)
            #expect(error.code == EACCES)
        }
    }

    @Test("The pointer that Git LFS leaves in the place of a file is recognised")
    func pointer() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("model.safetensors").path
            let text = """
                version https://git-lfs.github.com/spec/v1
                oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
                size 12345

                """
            try DurableFiles.write(text, to: path)
            let error = try #require(failure(path))
            #expect(error.kind == .contents && error.path == path)
            #expect(error.message.contains("git lfs pull"))
            // A text that only speaks of pointers is none.
            try DurableFiles.write("# " + text, to: path)
            #expect(failure(path) == nil)
            try DurableFiles.write(text + String(repeating: " ", count: 1000), to: path)
            #expect(failure(path) == nil)
        }
    }
}
