import BERT
import Checkpoints
import Foundation
import Scratch
import StrictJSON
import Testing

@Suite("A model directory")
struct ModelDirectoryTests {
    private func failure(_ path: String) throws -> CheckpointError {
        try #require(throws: CheckpointError.self) { try ModelDirectory(path: path) }
    }

    @Test("of transformers opens with its configuration and all names")
    func opens() throws {
        let directory = try ModelDirectory(path: fixture("tiny_bert"))
        #expect(directory.config.layerCount == 3)
        #expect(directory.weights.names.count == ModelParameters.shapes(directory.config).count)
        #expect(directory.weights["qa_outputs.bias"]?.shape == [2])
    }

    @Test("that isn't there, is a file, or is empty says which")
    func absent() throws {
        try withTemporaryDirectory { directory in
            let missing = try failure("\(directory)/none")
            #expect(missing.kind == .missing && missing.description.contains("no such directory"))
            try write("", to: "\(directory)/file")
            #expect(try failure("\(directory)/file").description.contains("this is a file"))
            #expect(try failure(directory).description.contains("config.json"))
            try write("{}", to: "\(directory)/config.json")
            #expect(try failure(directory).description.contains("no model.safetensors"))
        }
    }

    @Test("with Python pickles only says that they must be converted", arguments: ["", ".index.json"])
    func pickles(_ suffix: String) throws {
        try withTemporaryDirectory { directory in
            try write("{}", to: "\(directory)/config.json")
            try write("", to: "\(directory)/pytorch_model.bin\(suffix)")
            let error = try failure(directory)
            #expect(error.kind == .missing)
            #expect(
                error.description.contains("pytorch_model.bin\(suffix), a Python pickle; `allow_pickle` converts it"))
        }
    }

    @Test(
        "in which Git LFS has left a pointer says what to run",
        arguments: ["config.json", "model.safetensors", "model.safetensors.index.json"])
    func pointers(_ name: String) throws {
        try withTemporaryDirectory { directory in
            try write("{}", to: "\(directory)/config.json")
            try write(
                """
                version https://git-lfs.github.com/spec/v1
                oid sha256:\(String(repeating: "0", count: 64))
                size 90870598

                """,
                to: "\(directory)/\(name)")
            let error = try failure(directory)
            #expect(error.kind == .invalid && error.message.contains("git lfs pull"))
            #expect(error.path == "\(directory)/\(name)")
        }
    }

    @Test("with the configuration under its name of 2018 says so")
    func oldName() throws {
        try withTemporaryDirectory { directory in
            try write("{}", to: "\(directory)/bert_config.json")
            #expect(try failure(directory).message.contains("rename bert_config.json"))
        }
    }

    @Test("with damaged weights names the file and the damage")
    func damaged() throws {
        try withTemporaryDirectory { directory in
            try write("{}", to: "\(directory)/config.json")
            try write("a page of HTML, say", to: "\(directory)/model.safetensors")
            let error = try failure(directory)
            #expect(error.kind == .invalid)
            #expect(error.description.hasPrefix("\(directory)/model.safetensors: not a safetensors file"))
        }
    }

    @Test("in parts is found through its index")
    func sharded() throws {
        let directory = try ModelDirectory(path: fixture("key_formats/sharded"))
        let whole = try ModelDirectory(path: fixture("key_formats/question_answering"))
        #expect(directory.weights.names == whole.weights.names)
    }

    @Test(
        "in parts with a wrong index is refused",
        arguments: [
            ("{", "not valid JSON"), ("[]", "weight_map"), (#"{"weight_map":{"x":1}}"#, "beside the index"),
            (#"{"weight_map":{"x":"../model.safetensors"}}"#, "beside the index"),
            (#"{"weight_map":{"x":".."}}"#, "beside the index"),
            (#"{"weight_map":{"x":"none.safetensors"}}"#, "none.safetensors"),
            (#"{"weight_map":{"x":"part.safetensors"}}"#, "tensor 'x' should be in part.safetensors, but is not"),
        ])
    func wrongIndex(_ index: String, _ message: String) throws {
        try withTemporaryDirectory { directory in
            try write("{}", to: "\(directory)/config.json")
            try write(index, to: "\(directory)/model.safetensors.index.json")
            try Data(safetensors("{}")).write(to: URL(fileURLWithPath: "\(directory)/part.safetensors"))
            #expect(try failure(directory).description.contains(message))
        }
    }
}

private let models = ProcessInfo.processInfo.environment["BERTQA_MODELS"]

@Suite("The MiniLM reader")
struct PretrainedModelTests {
    @Test("has all its parameters", .enabled(if: models != nil, "BERTQA_MODELS names no folder of models"))
    func minilm() throws {
        let directory = try ModelDirectory(path: "\(try #require(models))/minilm-squad")
        let contents = try directory.contents()
        #expect(contents.newKeys.isEmpty)
        #expect(contents.tensors["qa_outputs.weight"]?.shape == [2, 384])
    }
}
