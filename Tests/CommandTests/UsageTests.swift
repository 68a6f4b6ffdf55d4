import Foundation
import Testing
import Workshop

@Suite("The command line")
struct UsageTests {
    @Test(
        "teaches each command with an example",
        arguments: ["train", "evaluate", "predict", "score", "ask", "tokenize", "check", "merge"])
    func help(_ command: String) throws {
        let output = try Tool.run([command, "--help"])
        #expect(output.status == 0)
        #expect(output.out.contains("bertqa \(command)"))
        #expect(output.out.contains("USAGE"))
    }

    @Test(
        "refuses what it does not know, and what is missing",
        arguments: [
            ["trian"], ["help", "trian"], ["ask", "--modle", "x"], ["ask", "--model", "x", "--question", "y"],
            ["score", "--data", "x"],
            ["train", "--model", "x", "--train-file", "y", "--output-dir", "z", "--precision", "fp8"],
            ["train", "--model", "x", "--train-file", "y", "--output-dir", "z", "--epochs", "three"],
        ])
    func unknown(_ arguments: [String]) throws {
        let output = try Tool.run(arguments)
        output.expectFailure(64, "Error:")
    }

    @Test("shows the usage of the command that an error is about, not that of the program")
    func usage() throws {
        try Tool.run(["upload", ".", "../x"]).expectFailure(64, "../x", "Usage: bertqa upload")
        try Tool.run(["evaluate", "--model", "x", "--data", "y", "--threads", "9223372036854775807"])
            .expectFailure(64, "--threads", "Usage: bertqa evaluate")
    }

    @Test(
        "names the option that is out of range, before anything is written",
        arguments: [
            ("--batch-size", "0"), ("--learning-rate", "0"), ("--learning-rate", "nan"), ("--learning-rate", "-1e-5"),
            ("--epochs", "0"), ("--max-steps", "0"), ("--warmup-ratio", "1.5"), ("--weight-decay", "-1"),
            ("--adam-epsilon", "0"), ("--max-grad-norm", "-1"), ("--max-grad-norm", "inf"),
            ("--validation-fraction", "1"),
            ("--save-steps", "0"), ("--keep-checkpoints", "0"), ("--gradient-accumulation-steps", "0"),
            ("--max-length", "3"), ("--max-length", "65"), ("--doc-stride", "64"), ("--doc-stride", "-1"),
            ("--threads", "0"),
        ])
    func range(_ option: String, _ value: String) throws {
        try withWorkshop { shop in
            let output = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--output-dir",
                "\(shop.path)/run", "--max-length", "64", "\(option)=\(value)",
            ])
            output.expectFailure(64, option)
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"))
        }
    }

    @Test("says that a device is not there instead of falling back", .enabled(if: !hasCUDA, "this machine has CUDA"))
    func device() throws {
        try withWorkshop { shop in
            for command in [
                ["ask", "--question", "who?", "--context", "ada"], ["evaluate", "--data", "\(shop.path)/train.json"],
                ["train", "--train-file", "\(shop.path)/train.json", "--output-dir", "\(shop.path)/run"],
            ] {
                let output = try Tool.run(command + ["--model", "\(shop.path)/model", "--device", "cuda"])
                output.expectFailure(64, "cuda")
            }
        }
    }

    @Test("empty values, words that are not UTF-8 and a folder that is gone are usage errors before anything is done")
    func start() throws {
        try withWorkshop { shop in
            let predict = ["predict", "--model", "\(shop.path)/model", "--data", "\(shop.path)/train.json"]
            for (arguments, shell, words) in [
                (predict + ["--output", ""], ":", "--output is empty"),
                (["ask", "--model", "", "--question", "q", "--context", "c"], ":", "--model is empty"),
                (["evaluate", "--model", "\(shop.path)/model", "--data", ""], ":", "--data is empty"),
                (predict + ["--output"], "set -- \"$@\" \"\(shop.path)/$(printf 'bad\\377')\"", "is not UTF-8"),
                (
                    predict + ["--output", "x"], "cd '\(shop.path)' && mkdir gone && cd gone && rmdir ../gone",
                    "no longer exists"
                ),
            ] {
                let output = try Tool.run(arguments, shell: shell)
                #expect(output.status == 64 && output.err.contains(words), "\(arguments): \(output.err)")
                #expect(!output.err.contains("questions/s"))
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: shop.path)
            #expect(Set(files).isSubset(of: ["model", "train.json"]), "\(files)")
        }
    }

    @Test(
        "fails where its output is lost",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "no /dev/full"))
    func lostOutput() throws {
        try withWorkshop { shop in
            for command in [
                ["check"], ["check", "--json"], ["evaluate", "--model", "\(shop.path)/model", "--max-length", "32"],
            ] {
                let output = try Tool.run(
                    command + ["--data", "\(shop.path)/train.json"], shell: "exec >/dev/full")
                output.expectFailure(74, "standard output")
            }
        }
    }
}

/// Whether an NVIDIA driver is loaded.
let hasCUDA = FileManager.default.fileExists(atPath: "/dev/nvidia0")
