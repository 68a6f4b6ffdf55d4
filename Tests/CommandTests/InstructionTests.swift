import Foundation
import Testing

/// Counts the instructions of a hot path, which a busy machine does not change: its speed is guarded without a clock.
@Suite("Instructions")
struct InstructionTests {
    static let valgrind = ["/usr/bin/valgrind", "/usr/local/bin/valgrind"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(
        "encoding a file's pairs takes no more instructions than it did",
        .enabled(if: valgrind != nil, "valgrind, which counts them, is not installed"))
    func encoding() throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let model = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: model) }
        try FileManager.default.copyItem(
            at: repository.appendingPathComponent("Tests/TokenizersTests/Fixtures/vocab-uncased.txt"),
            to: model.appendingPathComponent("vocab.txt"))
        let bench = try Self.withoutDebugInformation(
            URL(fileURLWithPath: Tool.path).deletingLastPathComponent().appendingPathComponent("tokenizer-bench"),
            in: model)
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(Self.valgrind))
        process.arguments = [
            "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*TokenizerBench*together*",
            bench.path, model.path, repository.appendingPathComponent("Data/sample/dev.json").path, "0",
        ]
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let report = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let line = try #require(report.split(separator: "\n").first { $0.contains("Collected :") }, "\(report)")
        let instructions = try #require(Int(line.split(separator: " ").last ?? ""))
        // 1 per cent is noise between builds; a tenth more is a change that somebody should have meant.
        #expect(instructions > Self.expected / 2, "too few to be true: has the function another name?")
        #expect(instructions < Self.expected * 11 / 10, "\(instructions) instead of \(Self.expected)")
    }

    static let expected = 12_294_031

    /// A copy of the program with the names of its functions only: valgrind 3.19 gives up on some of the debug
    /// information that Swift writes.
    private static func withoutDebugInformation(_ program: URL, in folder: URL) throws -> URL {
        let copy = folder.appendingPathComponent("bench")
        let strip = try Process.run(
            URL(fileURLWithPath: "/usr/bin/env"), arguments: ["strip", "--strip-debug", "-o", copy.path, program.path])
        strip.waitUntilExit()
        return strip.terminationStatus == 0 ? copy : program
    }
}
