import Foundation
import Testing

/// Texts are printed without libtorch's initialisers: docs/decisions/0056-packages.md.
@Suite("A quick start")
struct QuickStartTests {
    /// Makes a program start with all initialisers.
    private static let whole = "export BERTQA_RESTARTED=1"

    @Test(
        "texts are the same with and without libtorch's initialisers",
        arguments: [
            [], ["--help"], ["-h"], ["--version"], ["help"], ["help", "train"], ["train", "--help"], ["serve", "-h"],
            ["export", "--help"], ["--generate-completion-script", "bash"], ["--experimental-dump-help"],
            ["train", "--help", "--epochs"],
        ])
    func texts(_ arguments: [String]) throws {
        let quick = try Tool.run(arguments)
        let whole = try Tool.run(arguments, shell: Self.whole)
        #expect(quick.status == whole.status && !quick.signalled, "\(quick.err)")
        #expect(quick.out == whole.out && quick.err == whole.err)
        #expect(quick.out.count + quick.err.count > 4)
    }

    @Test("an argument that only looks like the wish for a text is an argument")
    func looksLikeHelp() throws {
        try Tool.run(["plot", "--", "--help"]).expectFailure(66, "--help/training_stats.json")
    }

    #if canImport(Glibc)
        @Test(
            "a text takes less than half the processor's time that libtorch's initialisers take",
            arguments: ["--version", "--help", "help"])
        func time(_ argument: String) throws {
            let (quick, whole) = (try seconds(argument), try seconds(argument, after: Self.whole))
            #expect(quick < whole / 2, "\(quick) s instead of \(whole) s")
        }

        /// The least processor time of a few runs with this argument.
        private func seconds(_ argument: String, after setting: String = ":") throws -> Double {
            let process = Process()
            let errors = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            let runs = "TIMEFORMAT='%U %S'; for run in 1 2 3 4 5; do time \"$0\" \"$1\"; done"
            process.arguments = ["-c", "\(setting); \(runs)", Tool.path, argument]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            let sums = text.split(separator: "\n").map { line in
                line.split(separator: " ").compactMap { Double($0) }.reduce(0, +)
            }
            return try #require(sums.filter { $0 > 0 }.min(), "\(text)")
        }
    #endif
}
