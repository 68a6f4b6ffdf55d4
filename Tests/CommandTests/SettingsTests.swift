import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Settings of a run")
struct SettingsTests {
    private func write(_ text: String, _ shop: Workshop) throws -> String {
        let path = "\(shop.path)/run.yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func recorded(_ shop: Workshop, _ run: String) throws -> JSONValue {
        try #require(try JSONValue.parse(shop.bytes("\(run)/run.json"))["options"])
    }

    @Test("the command line wins over the file, the file over the preset")
    func layers() throws {
        try withWorkshop { shop in
            let file = try write(
                """
                preset: fast
                model: \(shop.path)/model
                train_file: \(shop.path)/train.json
                max_length: 32
                learning_rate: 3e-5   # a comment
                batch_size: 6
                validation_fraction: 0.25
                """, shop)
            let output = try Tool.run([
                "train", "--config", file, "--output-dir", "\(shop.path)/run", "--batch-size", "3", "--seed", "7",
            ])
            #expect(output.status == 0, "\(output.err)")
            let options = try recorded(shop, "run")
            #expect(options["learning_rate"]?.double == 3e-5)
            #expect(options["batch_size"]?.int == 3)
            #expect(options["epochs"]?.int == 2)
            #expect(options["warmup_ratio"]?.double == 0.1)
            #expect(options["seed"]?.string == "7")
        }
    }

    @Test("what a run recorded can be run again, with the same result")
    func again() throws {
        try withWorkshop { shop in
            let first = try Tool.run([
                "train", "--preset", "tutorial", "--model", "\(shop.path)/model", "--train-file",
                "\(shop.path)/train.json",
                "--output-dir", "\(shop.path)/first", "--max-length", "32", "--batch-size", "2", "--learning-rate",
                "1e-3",
            ])
            #expect(first.status == 0, "\(first.err)")
            let second = try Tool.run([
                "train", "--config", "\(shop.path)/first/run.json", "--output-dir", "\(shop.path)/second",
            ])
            #expect(second.status == 0, "\(second.err)")
            #expect(try shop.bytes("first/model.safetensors") == shop.bytes("second/model.safetensors"))
            let options = try recorded(shop, "second")
            #expect(options == (try recorded(shop, "first")))
            #expect(options["truncation"]?.string == "longest_first")
            #expect(options["alignment"]?.string == "mask")
            // Each epoch's weights are kept.
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/first/checkpoints").count == 3)
        }
    }

    @Test(
        "a file that cannot be used is refused with the setting's name",
        arguments: [
            ("learning_rat: 1", "learning_rat"), ("epochs: many", "epochs"), ("- a\n- b", "names with values"),
            ("epochs: [1, 2]", "epochs"), ("preset: slow", "tutorial or fast"), ("epochs: 1\n  x: 2", "YAML"),
            ("", "names with values"), ("truncation: middle", "windows"),
        ])
    func refused(_ text: String, _ word: String) throws {
        try withWorkshop { shop in
            let output = try Tool.run([
                "train", "--config", try write(text, shop), "--model", "\(shop.path)/model", "--train-file",
                "\(shop.path)/train.json", "--output-dir", "\(shop.path)/run", "--max-length", "32",
            ])
            output.expectFailure(64, "run.yaml", word)
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"))
        }
    }

    @Test("what is missing is named, and so is a file that is not there")
    func missing() throws {
        try Tool.run(["train", "--output-dir", "x", "--model", "y"]).expectFailure(64, "--train-file")
        try Tool.run(["train", "--config", "/nowhere/run.yaml"]).expectFailure(66, "/nowhere/run.yaml")
    }
}
