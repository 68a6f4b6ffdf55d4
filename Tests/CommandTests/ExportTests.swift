import Foundation
import GraphInterpreter
import StrictJSON
import Testing
import Workshop

@Suite("Exporting a model, from the command line", .serialized)
struct ExportTests {
    private static var fixtures: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("BERTTests/Fixtures").path
    }

    @Test("says what it wrote, for people and as JSON")
    func report() throws {
        try withWorkshop { shop in
            let command = ["export", "--model", "\(shop.path)/model", "--output", "\(shop.path)/onnx/model.onnx"]
            let text = try Tool.run(command)
            #expect(text.status == 0 && text.out.contains("model.onnx  0.1 MB"), "\(text.out)\(text.err)")
            let json = try Tool.run(command + ["--json", "--opset", "18", "--precision", "fp16"]).json()
            #expect(json["files"]?.array?.compactMap(\.string) == ["\(shop.path)/onnx/model.onnx"])
            #expect(json["opset"]?.int == 18 && json["precision"]?.string == "fp16")
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/onnx").sorted()
            #expect(
                names == ["config.json", "model.onnx", "tokenizer.json", "tokenizer_config.json", "vocab.txt"])
        }
    }

    @Test("what cannot be exported is refused, and nothing is written")
    func refused() throws {
        try withWorkshop { shop in
            let (model, output) = ("\(shop.path)/model", "\(shop.path)/onnx/model.onnx")
            let command = ["export", "--model", model, "--output", output]
            try Tool.run(command + ["--opset", "16"]).expectFailure(64, "--opset 16")
            try Tool.run(command + ["--precision", "bf16"]).expectFailure(64, "--precision")
            try Tool.run(command + ["--int8", "--precision", "fp16"]).expectFailure(64, "--int8")
            try Tool.run(command + ["--int8"]).expectFailure(65, "bertqa quantize")
            try Tool.run(["export", "--model", model, "--output", "\(model)/config.json"]).expectFailure(64, ".onnx")
            try Tool.run(["export", "--model", model, "--output", "\(model)/config.json/x.onnx"]).expectFailure(
                74, "config.json")
            try Tool.run(["export", "--model", "\(shop.path)/none", "--output", output]).expectFailure(66, "none")
            let base = "\(Self.fixtures)/key_formats/base"
            try Tool.run(["export", "--model", base, "--output", output]).expectFailure(65, "fine-tune it first")
            try shop.poison()
            try Tool.run(command).expectFailure(65, "bert.encoder.layer.1.output.dense.bias", "not finite")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }

    @Test("a full disk is an error, and the older model stays")
    func full() throws {
        try withWorkshop { shop in
            let command = ["export", "--model", "\(shop.path)/model", "--output", "\(shop.path)/onnx/model.onnx"]
            #expect(try Tool.run(command).status == 0)
            let before = try shop.bytes("onnx/model.onnx")
            try Tool.run(command + ["--opset", "18"], shell: "trap '' XFSZ; ulimit -f 32")
                .expectFailure(74, "onnx/model.onnx")
            #expect(try shop.bytes("onnx/model.onnx") == before)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/onnx")
            #expect(!names.contains { $0.hasSuffix(".partial") }, "\(names)")
        }
    }

    /// A model that transformers made, and its logits for rows of several lengths.
    struct Case: Sendable, CustomStringConvertible {
        let model: String
        let batch: String
        /// The id of the padding token, which RoBERTa's family has as 1.
        var padding = 0
        var description: String { batch }
    }

    @Test(
        "the graph computes the logits that transformers computes",
        arguments: [
            Case(model: "tiny_bert", batch: "tiny_bert/batch"), Case(model: "one_type", batch: "one_type/logits"),
            Case(model: "families/distilbert/model", batch: "families/distilbert/batch"),
            Case(model: "families/electra/model", batch: "families/electra/batch"),
            Case(model: "families/roberta/model", batch: "families/roberta/batch", padding: 1),
            Case(model: "families/roberta/model", batch: "families/roberta/spelled_padding", padding: 1),
        ])
    func parity(_ fixture: Case) throws {
        try withWorkshop { shop in
            let path = "\(shop.path)/onnx/model.onnx"
            let output = try Tool.run([
                "export", "--model", "\(Self.fixtures)/\(fixture.model)", "--output", path,
            ])
            #expect(output.status == 0, "\(output.err)")
            let graph = try GraphInterpreter(path: path)
            let hasSegments = graph.model.graph.input.contains { $0.name == "token_type_ids" }
            #expect(hasSegments == (fixture.padding == 0 && !fixture.model.contains("distilbert")))
            let batch = try PackedFixture(path: "\(Self.fixtures)/\(fixture.batch).safetensors")
            let outputs = try graph.run(batch.inputs(of: graph, padding: fixture.padding))
            for name in ["start_logits", "end_logits"] {
                let found = try batch.packed(#require(outputs[name]))
                let expected = try batch.numbers(name)
                #expect(found.count == expected.count)
                let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
                #expect(difference < 1e-5, "\(name): \(difference)")
            }
        }
    }
}
