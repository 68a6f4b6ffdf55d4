import Files
import Foundation
import Scratch
import Testing

@Suite("Files that appear whole or not at all")
struct DurableFilesTests {
    private struct Interrupted: Error {}

    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("What is written takes the place of what was there")
    func replaced() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("numbers").path
            for text in ["a long first text", "short"] {
                try DurableFiles.write(text, to: path)
                #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
                #expect(try names(folder) == ["numbers"])
            }
        }
    }

    @Test("What fails on the way leaves the old file, and nothing beside it")
    func failed() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("numbers").path
            try DurableFiles.write("old", to: path)
            let error = #expect(throws: FileError.self) {
                try DurableFiles.replace(path) { output in
                    try output.append { $0 += "half".utf8 }
                    try output.flush()
                    throw Interrupted()
                }
            }
            #expect(error?.path == path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            #expect(try names(folder) == ["numbers"])
        }
    }

    @Test("A directory that fails on the way leaves the old one")
    func failedDirectory() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("checkpoint").path
            func fill(_ text: String) -> (String) throws -> Void {
                { try Data(text.utf8).write(to: URL(fileURLWithPath: "\($0)/weights")) }
            }
            try DurableFiles.replaceDirectory(path, fill("old"))
            #expect(throws: FileError.self) {
                try DurableFiles.replaceDirectory(path) { temporary in
                    try fill("half")(temporary)
                    throw Interrupted()
                }
            }
            #expect(try String(contentsOfFile: "\(path)/weights", encoding: .utf8) == "old")
            try DurableFiles.replaceDirectory(path, fill("new"))
            #expect(try String(contentsOfFile: "\(path)/weights", encoding: .utf8) == "new")
            #expect(try names(folder) == ["checkpoint"])
        }
    }

    @Test("A directory that stepped aside comes back where the new one never came")
    func recovered() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("checkpoint").path
            let aside = path + DurableFiles.replaced
            try DurableFiles.makeDirectory(aside)
            try DurableFiles.recoverDirectory(path)
            #expect(try names(folder) == ["checkpoint"])
            try DurableFiles.makeDirectory(aside)
            try DurableFiles.recoverDirectory(path)
            #expect(try names(folder) == ["checkpoint"])
        }
    }

    @Test("A file keeps its permissions")
    func permissions() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("numbers").path
            try DurableFiles.write("old", to: path)
            try #require(chmod(path, 0o600) == 0)
            try DurableFiles.write("new", to: path)
            #expect(try FileKind(path: path) == .file(permissions: 0o600))
        }
    }

    @Test("A full disk is reported", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "no /dev/full"))
    func full() throws {
        let output = try FileOutput(creating: "/dev/full")
        let error = #expect(throws: FileError.self) {
            // More than the buffer: a flush on the way fails already.
            for _ in 0..<3 { try output.append { $0 += [UInt8](repeating: 7, count: 1 << 20) } }
        }
        #expect(error?.code == ENOSPC && error?.path == "/dev/full")
        #expect(throws: FileError.self) { try output.synchronize() }
    }
}
