import Files
import Foundation
import Scratch
import Testing

@Suite("What stands where a file is to be written")
struct OutputKindTests {
    /// A device like `/dev/null` in a folder of the test's own; nil where the system does not let this user make one.
    private static func makeDevice(_ path: String) -> Bool { mknod(path, S_IFCHR | 0o600, makedev(1, 3)) == 0 }

    /// The device number of a major and a minor number, below 256 each.
    private static func makedev(_ major: dev_t, _ minor: dev_t) -> dev_t { major << 8 | minor }

    private static let canMakeDevices: Bool = {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        defer { unlink(path) }
        return makeDevice(path)
    }()

    @Test("A device stays a device", .enabled(if: canMakeDevices, "this user cannot make devices"))
    func device() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("null").path
            try #require(Self.makeDevice(path))
            try DurableFiles.write("text", to: path)
            #expect(try FileKind(path: path) == .device)
            let output = try FileOutput(creating: path)
            try output.append { $0 += "text".utf8 }
            try output.synchronize()
            #expect(try FileKind(path: path) == .device)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["null"])
        }
    }

    @Test("A pipe gets the text, and stays a pipe")
    func pipe() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("pipe").path
            try #require(mkfifo(path, 0o600) == 0)
            // With a reader that does not wait, a writer does not either.
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            try #require(reader >= 0)
            defer { close(reader) }
            try DurableFiles.write("through the pipe", to: path)
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(reader, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "through the pipe")
            #expect(try FileKind(path: path) == .pipe)
        }
    }

    @Test("A link is refused, and what it leads to stays as it is", arguments: ["mine", nil])
    func link(contents: String?) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            let target = folder.appendingPathComponent("target").path
            if let contents { try DurableFiles.write(contents, to: target) }
            try #require(symlink(target, path) == 0)
            let error = #expect(throws: FileError.self) { try DurableFiles.write("new", to: path) }
            #expect(error?.message.contains("symbolic link") == true)
            #expect(throws: FileError.self) { try FileOutput(creating: path) }
            #expect(throws: FileError.self) { try FileOutput(appendingTo: path) }
            #expect(try FileKind(path: path) == .link)
            #expect(
                FileManager.default.contents(atPath: target).map { String(decoding: $0, as: UTF8.self) } == contents)
            // In a cache made of links, the file takes the link's place.
            try DurableFiles.write("new", to: path, replacesLink: true)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(
                FileManager.default.contents(atPath: target).map { String(decoding: $0, as: UTF8.self) } == contents)
        }
    }

    @Test("A link planted in the place of the temporary file is not followed", arguments: ["mine", nil])
    func planted(contents: String?) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            let target = folder.appendingPathComponent("target").path
            if let contents { try DurableFiles.write(contents, to: target) }
            try #require(symlink(target, path + DurableFiles.partial) == 0)
            try DurableFiles.write("new", to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(
                FileManager.default.contents(atPath: target).map { String(decoding: $0, as: UTF8.self) } == contents)
            #expect(try FileKind(path: path + DurableFiles.partial) == .missing)
        }
    }

    @Test("A directory planted in the place of the temporary one is not written through")
    func plantedDirectory() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("checkpoint").path
            let target = folder.appendingPathComponent("target").path
            try DurableFiles.makeDirectory(target)
            try #require(symlink(target, path + DurableFiles.partial) == 0)
            try DurableFiles.replaceDirectory(path) { try DurableFiles.write("weights", to: "\($0)/weights") }
            #expect(try FileKind(path: path) == .directory)
            #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
        }
    }

    @Test("A directory and a socket are refused")
    func others() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("out").path
            try DurableFiles.makeDirectory(path)
            #expect(throws: FileError(path: path, message: "it is a directory; a file was expected")) {
                try DurableFiles.write("new", to: path)
            }
            try DurableFiles.remove(path)
            try #require(mknod(path, S_IFSOCK | 0o600, 0) == 0)
            #expect(throws: FileError(path: path, message: "it is not a regular file; a file was expected")) {
                try DurableFiles.write("new", to: path)
            }
            #expect(throws: FileError.self) { try FileOutput(creating: path) }
        }
    }

    @Test("Of two processes that write one file, the second gets an error, and the file is the first one's")
    func together() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            try DurableFiles.replace(path) { output in
                try output.append { $0 += "first".utf8 }
                let error = #expect(throws: FileError.self) { try DurableFiles.write("second", to: path) }
                #expect(error?.message.contains("another process") == true)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
            // What a process that was killed has left keeps nobody out.
            try DurableFiles.write("half", to: path + DurableFiles.partial)
            try DurableFiles.write("third", to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "third")
        }
    }
}
