import Foundation
import Testing

@Suite("Completions")
struct CompletionTests {
    @Test("there are some for each shell, with every command", arguments: ["bash", "zsh", "fish"])
    func shells(_ shell: String) throws {
        let output = try Tool.run(["--generate-completion-script", shell])
        #expect(output.status == 0, "\(output.err)")
        for command in ["train", "evaluate", "serve", "demo", "env"] { #expect(output.out.contains(command)) }
    }

    @Test(
        "bash offers commands, options, values, files and folders",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "no /bin/bash"),
        arguments: [
            (["tr"], "train"), (["train", "--trai"], "--train-file"), (["train", "--precision", "b"], "bf16"),
            (["check", "--data", "questions"], "questions.json"), (["ask", "--model", "fol"], "folder"),
        ])
    func bash(words: [String], expected: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("folder"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data().write(to: folder.appendingPathComponent("questions.json"))
        try Data(try Tool.run(["--generate-completion-script", "bash"]).out.utf8)
            .write(to: folder.appendingPathComponent("script"))
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        // What bash sets before it calls the function that `complete` names.
        process.arguments =
            [
                "-c",
                """
                . ./script; COMP_WORDS=(bertqa "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; \
                COMP_POINT=${#COMP_LINE}
                _bertqa bertqa "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\\n' "${COMPREPLY[@]}"
                """, "bash",
            ] + words
        process.currentDirectoryURL = folder
        process.standardOutput = output
        try process.run()
        let offered = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(offered.split(separator: "\n").contains { $0.hasPrefix(expected) }, "\(offered)")
    }
}
