import Foundation
import StrictJSON
import Testing

/// Counts the instructions of hot paths, which a busy machine does not change: their speed is guarded without a clock.
@Suite("Instructions")
struct InstructionTests {
    static let valgrind = ["/usr/bin/valgrind", "/usr/local/bin/valgrind"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let sample = repository.appendingPathComponent("Data/sample/dev.json").path

    @Test(
        "pairs, labelled rows, decoding and the kernels take no more of them than they did",
        .enabled(if: valgrind != nil, "valgrind, which counts them, is not installed"))
    func counts() throws {
        let scratch = try Self.scratch()
        defer { try? FileManager.default.removeItem(at: scratch) }
        let encoding = try Self.profile(
            "tokenizer-bench", "*TokenizerBench*together*", [scratch.path, Self.sample, "0"], scratch)
        var found = ["encode": try #require(Self.calls(in: encoding).max { $0.cost < $1.cost }).cost]
        let paths = try Self.profile(
            "bertqa-bench", "*countedInstructions*", ["count", "--model", scratch.path, "--data", Self.sample], scratch)
        for call in Self.calls(in: paths) {
            guard let name = call.function.firstMatch(of: /CountedPathsO\d+([A-Za-z]+?)(33_|5model|yy)/)?.1 else {
                continue
            }
            found[String(name)] = max(found[String(name)] ?? 0, call.cost)
        }
        let expected = try Self.expected()
        #expect(Set(found.keys) == Set(expected.keys))
        for (name, limit) in expected {
            let count = found[name] ?? 0
            #expect(count > limit / 2, "\(name): \(count) is too few to be true; has the function another name?")
            #expect(count <= limit * 105 / 100, "\(name): \(count) instructions instead of \(limit). \(Self.advice)")
        }
    }

    static let advice = """
        'Tools/instructions.sh' shows where they are; if the growth is meant, change \
        Tests/CommandTests/Fixtures/instructions.json.
        """

    /// What each path took, by its name.
    private static func expected() throws -> [String: Int] {
        let file = repository.appendingPathComponent("Tests/CommandTests/Fixtures/instructions.json")
        let object = try #require(try JSONValue.parse(Array(Data(contentsOf: file))).object)
        return Dictionary(
            uniqueKeysWithValues: object.compactMap { member in member.value.int.map { (member.key, $0) } })
    }

    /// What callgrind writes about a program's instructions inside one function.
    private static func profile(
        _ program: String, _ counted: String, _ arguments: [String], _ scratch: URL
    ) throws -> String {
        let products = URL(fileURLWithPath: Tool.path).deletingLastPathComponent()
        let bench = try withoutDebugInformation(products.appendingPathComponent(program), in: scratch)
        let report = scratch.appendingPathComponent("\(program).out")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(valgrind))
        process.arguments = [
            "--tool=callgrind", "--callgrind-out-file=\(report.path)", "--toggle-collect=\(counted)", bench.path,
        ]
        process.arguments? += arguments
        // The copy is not beside libtorch's libraries.
        process.environment = ProcessInfo.processInfo.environment.merging(["LD_LIBRARY_PATH": products.path]) { $1 }
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(program)")
        return String(decoding: try Data(contentsOf: report), as: UTF8.self)
    }

    /// The calls in callgrind's file, each with the instructions of all that it led to. A function's name stands with
    /// its number where it comes first. - Source: "Callgrind Format Specification", valgrind's manual.
    private static func calls(in report: String) -> [(function: String, cost: Int)] {
        var names: [Substring: String] = [:]
        var (calls, callee, follows): ([(String, Int)], Substring, Bool) = ([], "", false)
        for line in report.split(separator: "\n") {
            if let match = line.wholeMatch(of: /c?fn=\((\d+)\)(?: (.+))?/) {
                if let name = match.2 { names[match.1] = String(name) }
                if line.hasPrefix("c") { callee = match.1 }
            } else if follows, let cost = line.split(separator: " ").last.flatMap({ Int($0) }) {
                calls.append((names[callee] ?? "", cost))
            }
            follows = line.hasPrefix("calls=")
        }
        return calls
    }

    /// A folder with a tokenizer.
    private static func scratch() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: repository.appendingPathComponent("Tests/TokenizersTests/Fixtures/vocab-uncased.txt"),
            to: folder.appendingPathComponent("vocab.txt"))
        return folder
    }

    /// A copy of the program with the names of its functions only: valgrind 3.19 gives up on some of the debug
    /// information that Swift writes.
    private static func withoutDebugInformation(_ program: URL, in folder: URL) throws -> URL {
        let copy = folder.appendingPathComponent(program.lastPathComponent)
        let strip = try Process.run(
            URL(fileURLWithPath: "/usr/bin/env"), arguments: ["strip", "--strip-debug", "-o", copy.path, program.path])
        strip.waitUntilExit()
        return strip.terminationStatus == 0 ? copy : program
    }
}
