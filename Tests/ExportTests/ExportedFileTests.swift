import Export
import Foundation
import GraphInterpreter
import Scratch
import Testing

@Suite("The files of an exported model")
struct ExportedFileTests {
    @Test("the configuration and the tokenizer come along; nothing else is left, and a second export writes the same")
    func folder() throws {
        let encoder = try TinyEncoder()
        let files = try encoder.export()
        let folder = "\(encoder.folder.path)/onnx"
        #expect(files == ["model.onnx", "config.json", "vocab.txt"].map { "\(folder)/\($0)" })
        #expect(try encoder.folder.names("onnx") == ["config.json", "model.onnx", "vocab.txt"])
        let first = try Data(contentsOf: URL(fileURLWithPath: files[0]))
        #expect(try encoder.export() == [files[0]])
        #expect(try Data(contentsOf: URL(fileURLWithPath: files[0])) == first)
    }

    @Test("into the model's own folder nothing is copied, by whatever name the folder goes", arguments: ["", "link/"])
    func ownFolder(_ prefix: String) throws {
        let encoder = try TinyEncoder()
        try FileManager.default.createSymbolicLink(
            atPath: "\(encoder.folder.path)/link", withDestinationPath: encoder.folder.path)
        #expect(try encoder.export("\(prefix)model.onnx").count == 1)
    }

    @Test("another model's files are neither overwritten nor joined")
    func otherModel() throws {
        let encoder = try TinyEncoder()
        try FileManager.default.createDirectory(
            atPath: "\(encoder.folder.path)/onnx", withIntermediateDirectories: false)
        try encoder.folder.write("{\"model_type\": \"t5\"}", to: "onnx/config.json")
        let error = try #require(throws: ExportError.self) { try encoder.export() }
        #expect(error.kind == .output && error.description.contains("onnx/config.json"), "\(error)")
        #expect(try encoder.folder.names("onnx") == ["config.json"])
    }

    @Test("tensors that are too large for one file are in a file beside it, at places that can be mapped")
    func external() throws {
        // Tensors of more than a kilobyte alone are moved: the two tables.
        let large = try TinyEncoder(rows: 64)
        let files = try large.export(limit: 1)
        #expect(files.prefix(2).map { ($0 as NSString).lastPathComponent } == ["model.onnx", "model.onnx_data"])
        let outside = try GraphInterpreter(path: files[0])
        let moved = outside.model.graph.initializer.filter { $0.dataLocation == .external }
        #expect(Set(moved.map(\.name)) == ["word.weight", "position.weight"] && !moved.contains { $0.hasRawData })
        let offsets = moved.map { $0.externalData.first { $0.key == "offset" }?.value }
        #expect(Set(offsets) == ["0", "4096"])
        let whole = try GraphInterpreter(path: large.export("whole/model.onnx")[0])
        for tensor in whole.model.graph.initializer {
            #expect(outside.tensor(tensor.name) == whole.tensor(tensor.name), "\(tensor.name)")
        }
    }

    @Test("a model that cannot be written leaves the old one as it was, and nothing half-written")
    func unwritable() throws {
        let encoder = try TinyEncoder()
        let path = try encoder.export()[0]
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let broken = try TinyEncoder { name, numbers in
            if name == "layer.1.ff2.bias" { numbers[3] = .infinity }
        }
        let error = try #require(throws: ExportError.self) {
            try ModelExport(broken.description, parameters: broken.parameters, options: ExportOptions())
                .write(to: path, folder: encoder.folder.path, producer: "1")
        }
        #expect(error.kind == .model && error.description.contains("layer.1.ff2.bias"), "\(error)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try encoder.folder.names("onnx") == ["config.json", "model.onnx", "vocab.txt"])
    }

    @Test("a number that float16 cannot hold is refused by name, and float32 holds it")
    func tooLarge() throws {
        let encoder = try TinyEncoder { name, numbers in
            if name == "layer.0.k.weight" { numbers[0] = 70_000 }
        }
        let error = try #require(throws: ExportError.self) { try encoder.export { $0.precision = .fp16 } }
        #expect(error.kind == .model && error.description.contains("layer.0.k.weight"), "\(error)")
        #expect(try encoder.exported().tensor("layer.0.k.weight")?.numbers[0] == 70_000)
    }

    @Test("a model whose files change while it is exported is not written")
    func changed() throws {
        let encoder = try TinyEncoder()
        let weights = "\(encoder.folder.path)/model.safetensors"
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: weights))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([0]))
        try handle.close()
        let error = try #require(throws: ExportError.self) { try encoder.export() }
        #expect(error.kind == .model && error.description.contains("changed"), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: "\(encoder.folder.path)/onnx/model.onnx"))
    }

    @Test(
        "options that cannot be are refused by name",
        arguments: [(16, false, "opset"), (23, false, "opset"), (17, true, "int8")])
    func options(_ opset: Int, _ both: Bool, _ name: String) throws {
        let encoder = try TinyEncoder()
        let error = try #require(throws: ExportError.self) {
            try encoder.export { options in
                options.opset = opset
                if both { (options.int8, options.precision) = (true, .fp16) }
            }
        }
        #expect(error.kind == .options && error.description.contains("`\(name)`"), "\(error)")
    }

    @Test(
        "outputs that are no place for a model are refused",
        arguments: [
            ("model.safetensors", ExportError.Kind.options, ".onnx"),
            ("config.json/model.onnx", .output, "config.json"),
            ("folder.onnx", .output, "directory"), ("link.onnx", .output, "link"),
        ])
    func outputs(_ name: String, _ kind: ExportError.Kind, _ told: String) throws {
        let encoder = try TinyEncoder()
        let weights = try Data(contentsOf: URL(fileURLWithPath: "\(encoder.folder.path)/model.safetensors"))
        try FileManager.default.createDirectory(
            atPath: "\(encoder.folder.path)/folder.onnx", withIntermediateDirectories: false)
        try encoder.folder.write("kept", to: "folder.onnx/file")
        try FileManager.default.createSymbolicLink(
            atPath: "\(encoder.folder.path)/link.onnx", withDestinationPath: "model.safetensors")
        for limit in [ModelExport.largestFile, 1] {
            let error = try #require(throws: ExportError.self) { try encoder.export(name, limit: limit) }
            #expect(error.kind == kind && error.description.contains(told), "\(error)")
        }
        #expect(try encoder.folder.names("folder.onnx") == ["file"])
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(encoder.folder.path)/model.safetensors")) == weights)
    }

    @Test("a parameter that is not there is named")
    func missing() throws {
        let encoder = try TinyEncoder()
        let some = encoder.parameters.filter { $0.key != "layer.1.o.bias" }
        let error = try #require(throws: ExportError.self) {
            try ModelExport(encoder.description, parameters: some, options: ExportOptions())
        }
        #expect(error.kind == .model && error.description.contains("layer.1.o.bias"), "\(error)")
    }
}
