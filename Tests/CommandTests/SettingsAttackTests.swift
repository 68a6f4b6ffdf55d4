import Foundation
import Testing
import Workshop

@Suite("Files of settings that mean harm")
struct SettingsAttackTests {
    private func run(_ text: String) throws -> Tool.Output {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString).yaml")
            .path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        // Neither a long time nor much memory: whoever expands the file is stopped.
        return try Tool.run(
            ["train", "--config", path, "--model", "m", "--train-file", "f", "--output-dir", "o"],
            shell: "ulimit -t 60; ulimit -v 16000000")
    }

    @Test("aliases of aliases are refused before they grow", arguments: ["a10: *a9", "? *a9\n: 1"])
    func aliases(_ last: String) throws {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        for level in 1...9 {
            let list = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            lines.append("a\(level): &a\(level) [\(list)]")
        }
        try run((lines + [last, ""]).joined(separator: "\n")).expectFailure(64, "anchors")
    }

    @Test("nesting without end is refused", arguments: ["[", "{a: ", "- ", "? "])
    func nesting(_ opening: String) throws {
        for count in [999, 100_000] {
            let output = try run(
                "epochs: " + (opening == "- " ? "\n  " : "") + String(repeating: opening, count: count) + "\n")
            output.expectFailure(64)
        }
    }

    @Test("a text with an ampersand is none", arguments: ["'R&D'", "a&b", "\"fish & chips\""])
    func ampersands(_ text: String) throws {
        // What is wrong is the model that is not there.
        let output = try run("validation_file: \(text)\nepochs: 1\n")
        #expect(output.status == 66, "\(output.status) \(output.err)")
    }
}
