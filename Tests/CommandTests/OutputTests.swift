import Foundation
import Testing
import Workshop

/// What `--output` may name, with devices and pipes in a folder of the test's own.
@Suite("Outputs that are no files")
struct OutputTests {
    private static let canMakeDevices: Bool = {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        defer { unlink(path) }
        return makeDevice(path)
    }()

    private static func makeDevice(_ path: String) -> Bool { mknod(path, S_IFCHR | 0o600, dev_t(1) << 8 | 3) == 0 }

    private static let commands = ["convert", "predict"]

    private func arguments(_ command: String, _ output: String) -> [String] {
        let predict = ["--model", "model", "--max-length", "32", "--precision", "fp32"]
        return [command, "--data", "train.json", "--output", output] + (command == "predict" ? predict : [])
    }

    private func isCharacterDevice(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR
    }

    @Test("a device stays a device", .enabled(if: canMakeDevices, "this user cannot make devices"), arguments: commands)
    func device(_ command: String) throws {
        try withWorkshop { shop in
            try #require(Self.makeDevice("\(shop.path)/null"))
            let before = try FileManager.default.contentsOfDirectory(atPath: shop.path).sorted()
            let output = try Tool.run(arguments(command, "null"), shell: "cd \(shop.path)")
            #expect(output.status == 0, "\(output.err)")
            #expect(isCharacterDevice("\(shop.path)/null"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: shop.path).sorted() == before)
        }
    }

    @Test("a pipe gets what a file would", arguments: commands)
    func pipe(_ command: String) throws {
        try withWorkshop { shop in
            #expect(try Tool.run(arguments(command, "file.json"), shell: "cd \(shop.path)").status == 0)
            try #require(mkfifo("\(shop.path)/pipe", 0o600) == 0)
            let output = try Tool.run(arguments(command, "pipe"), shell: "cd \(shop.path); cat pipe > copy.json & :")
            #expect(output.status == 0, "\(output.err)")
            let file = FileManager.default.contents(atPath: "\(shop.path)/file.json")
            let end = Date(timeIntervalSinceNow: 10)
            while FileManager.default.contents(atPath: "\(shop.path)/copy.json") != file, end.timeIntervalSinceNow > 0 {
                Thread.sleep(forTimeInterval: 0.02)
            }
            #expect(file != nil && FileManager.default.contents(atPath: "\(shop.path)/copy.json") == file)
        }
    }

    @Test("standard output gets what a file would, be it a pipe or a file", arguments: commands)
    func standardOutput(_ command: String) throws {
        try withWorkshop { shop in
            #expect(try Tool.run(arguments(command, "file.json"), shell: "cd \(shop.path)").status == 0)
            let file = try String(contentsOfFile: "\(shop.path)/file.json", encoding: .utf8)
            // What a command says of its work follows.
            #expect(try Tool.run(arguments(command, "/dev/stdout"), shell: "cd \(shop.path)").out.hasPrefix(file))
            let output = try Tool.run(arguments(command, "/dev/stdout"), shell: "cd \(shop.path); exec > copy.json")
            #expect(output.status == 0, "\(output.err)")
            #expect(try String(contentsOfFile: "\(shop.path)/copy.json", encoding: .utf8).hasPrefix(file))
        }
    }

    @Test(
        "links that were planted are not followed", arguments: commands,
        ["out.json", "out.json.partial", "out.json.progress"])
    func links(_ command: String, _ name: String) throws {
        try withWorkshop { shop in
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(shop.path)/target"))
            try #require(symlink("target", "\(shop.path)/\(name)") == 0)
            let output = try Tool.run(arguments(command, "out.json"), shell: "cd \(shop.path)")
            #expect(output.status == 0 || output.status == 74, "\(output.err)")
            #expect(output.status == 0 || output.err.contains("symbolic link"), "\(output.err)")
            #expect(try String(contentsOfFile: "\(shop.path)/target", encoding: .utf8) == "mine")
        }
    }
}
