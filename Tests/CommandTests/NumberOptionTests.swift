import Foundation
import StrictJSON
import Testing
import Workshop

/// Every option that takes a number, found in what the tool says of itself, with numbers that nobody means.
@Suite("Numbers far out of range")
struct NumberOptionTests {
    struct Case: Sendable, CustomStringConvertible {
        let command: String
        let option: String
        /// What the command needs besides, so that the option is what is wrong.
        let others: [String]
        var description: String { "\(command) \(option)" }
    }

    /// All options of all commands that take a value, as ArgumentParser describes them, and whose value is a number:
    /// those that refuse a word.
    private static let cases: [Case] = {
        do { return try found() } catch { fatalError("\(error)") }
    }()

    private static func found() throws -> [Case] {
        let dump = try Tool.run(["--experimental-dump-help"])
        let root = try JSONValue.parse(Array(dump.out.utf8))
        let commands = root["command"]?["subcommands"]?.array ?? []
        return commands.flatMap { command -> [Case] in
            guard let name = command["commandName"]?.string, name != "help" else { return [] }
            let arguments = command["arguments"]?.array ?? []
            func isRequired(_ argument: JSONValue) -> Bool { argument["isOptional"]?.bool != true }
            let others = arguments.filter(isRequired).flatMap { argument -> [String] in
                guard let option = flag(of: argument) else { return ["x"] }
                return ["--\(option)", "x"]
            }
            return arguments.compactMap { argument -> Case? in
                // A seed is no amount: `OptionTests` has its range.
                guard argument["kind"]?.string == "option", let option = flag(of: argument), !texts.contains(option),
                    option != "seed", argument["allValues"]?.array?.isEmpty ?? true
                else { return nil }
                return Case(
                    command: name, option: "--\(option)",
                    others: others + (companions[name] ?? companions["\(name) \(option)"] ?? []))
            }
        }
    }

    /// What commands ask for besides required options, before they look at numbers.
    private static let companions = [
        "ask": ["--context", "x"], "predict n-best": ["--n-best-output", "y"], "score": ["--na-prob-file", "x"],
    ]

    /// The options that take a text. Every other one takes a number; a new option that does not is added here.
    private static let texts: Set = [
        "config", "model", "train-file", "validation-file", "output-dir", "data", "output", "question", "context",
        "context-file", "id", "report", "histogram", "host", "database", "api-key-file", "predictions", "na-prob-file",
        "n-best-output", "na-prob-output", "shard", "memory", "allowed-hosts", "allow-origin", "language",
        "predictions-output", "references-output", "reliability-chart", "revision", "sample",
        "teacher", "embedder", "collection", "documents", "metadata",
    ]

    private static let offline = "export HF_HUB_OFFLINE=1"

    private static func flag(of argument: JSONValue) -> String? {
        argument["preferredName"]?["kind"]?.string == "long" ? argument["preferredName"]?["name"]?.string : nil
    }

    @Test("are found for every command that takes one")
    func complete() {
        let found = Set(Self.cases.map(\.description))
        for option in [
            "train --epochs", "train --learning-rate", "ask --top-k", "serve --port",
            "serve --payload-limit",
            "predict --n-best", "sweep --batch-sizes", "lengths --max-lengths", "inspect --index",
            "verify-resume --kills",
            "plan --batch-size", "tokenize --max-length", "quantize --max-drop", "score --na-prob-thresh",
            "train --process-timeout",
        ] { #expect(found.contains(option), "\(option) is not among \(found.count)") }
    }

    @Test("are a usage error that names the option", arguments: cases)
    func refused(_ option: Case) throws {
        for value in option.command == "train"
            ? ["9223372036854775807", "-9223372036854775808", "nan"] : ["9223372036854775807"]
        {
            let output = try Tool.run(
                [option.command, "\(option.option)=\(value)"] + option.others, shell: Self.offline)
            #expect(output.status == 64 && !output.signalled, "\(option) \(value): \(output.status) \(output.err)")
            #expect(output.err.contains(option.option), "\(option) \(value): \(output.err)")
        }
    }

    @Test(
        "in a file of settings are refused as well",
        arguments: [
            "epochs: 9223372036854775807", "batch_size: 1e300", "max_length: -9223372036854775808",
            "learning_rate: .nan",
        ])
    func settings(_ line: String) throws {
        try withWorkshop { shop in
            try Data((line + "\n").utf8).write(to: URL(fileURLWithPath: "\(shop.path)/settings.yaml"))
            let output = try Tool.run([
                "train", "--config", "\(shop.path)/settings.yaml", "--model", "\(shop.path)/model", "--train-file",
                "\(shop.path)/train.json", "--output-dir", "\(shop.path)/run",
            ])
            output.expectFailure(64)
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"))
        }
    }
}
