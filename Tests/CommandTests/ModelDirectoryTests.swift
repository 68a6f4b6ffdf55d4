import Foundation
import Testing
import Workshop

@Suite("Bad model directories")
struct ModelDirectoryTests {
    /// What is done to the directory, the exit code, and words of the message.
    static let cases: [(name: String, damage: @Sendable (String) throws -> Void, code: Int32, word: String)] = [
        ("no directory", { try FileManager.default.removeItem(atPath: $0) }, 66, "no such directory"),
        ("no configuration", { try remove("config.json", $0) }, 66, "config.json"),
        ("no weights", { try remove("model.safetensors", $0) }, 66, "model.safetensors"),
        ("a pickle only", { try rename("model.safetensors", "pytorch_model.bin", $0) }, 66, "--allow-pickle"),
        (
            "no vocabulary",
            {
                try remove("vocab.txt", $0)
                try remove("tokenizer.json", $0)
            }, 66, "vocab.txt"
        ),
        ("a configuration that is not JSON", { try write("{", "config.json", $0) }, 65, "config.json"),
        (
            "another hidden size", { try replace("config.json", "\"hidden_size\": 32", "\"hidden_size\": 64", $0) }, 65,
            "[32]"
        ),
        (
            "heads that do not divide it",
            { try replace("config.json", "\"num_attention_heads\": 4", "\"num_attention_heads\": 5", $0) }, 65,
            "num_attention_heads"
        ),
        ("another architecture", { try replace("config.json", "\"bert\"", "\"roberta\"", $0) }, 65, "roberta"),
        (
            "more layers than weights",
            { try replace("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", $0) }, 65, "layer.2"
        ),
        (
            "fewer layers than weights",
            { try replace("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", $0) }, 65, "layer.1"
        ),
        ("weights cut short", { try cut("model.safetensors", 1000, $0) }, 65, "model.safetensors"),
        ("weights of a few bytes", { try write("abc", "model.safetensors", $0) }, 65, "model.safetensors"),
        (
            "a header that claims to be huge",
            { try Data(repeating: 0xFF, count: 64).write(to: URL(fileURLWithPath: "\($0)/model.safetensors")) }, 65,
            "model.safetensors"
        ),
        (
            "a vocabulary larger than the embedding",
            {
                try remove("tokenizer.json", $0)
                try write(try read("vocab.txt", $0) + "more\nwords\n", "vocab.txt", $0)
            }, 65, "vocab"
        ),
    ]

    @Test("are refused with the file and the reason, by each command", arguments: cases.indices)
    func refused(_ index: Int) throws {
        let (name, damage, code, word) = Self.cases[index]
        try withWorkshop { shop in
            let model = "\(shop.path)/model"
            try damage(model)
            for command in [
                ["ask", "--question", "who?", "--context", "ada"],
                [
                    "train", "--train-file", "\(shop.path)/train.json", "--output-dir", "\(shop.path)/run",
                    "--max-length", "32",
                ],
            ] {
                let output = try Tool.run(command + ["--model", model])
                #expect(output.status == code && !output.signalled, "\(name): \(output.err)")
                #expect(output.err.contains(word), "\(name): \(output.err)")
                #expect(output.err.contains(shop.path), "\(name): \(output.err)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"), "\(name)")
        }
    }

    private static func remove(_ file: String, _ directory: String) throws {
        try FileManager.default.removeItem(atPath: "\(directory)/\(file)")
    }

    private static func rename(_ file: String, _ other: String, _ directory: String) throws {
        try FileManager.default.moveItem(atPath: "\(directory)/\(file)", toPath: "\(directory)/\(other)")
    }

    private static func read(_ file: String, _ directory: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
    }

    private static func write(_ text: String, _ file: String, _ directory: String) throws {
        try text.write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
    }

    private static func replace(_ file: String, _ old: String, _ new: String, _ directory: String) throws {
        let text = try read(file, directory)
        try #require(text.contains(old), "\(old) in \(text)")
        try write(text.replacingOccurrences(of: old, with: new), file, directory)
    }

    private static func cut(_ file: String, _ bytes: Int, _ directory: String) throws {
        let url = URL(fileURLWithPath: "\(directory)/\(file)")
        try Data(contentsOf: url).dropLast(bytes).write(to: url)
    }
}
