import BERT
import Checkpoints
import Files
import Foundation
import Scratch
import StrictJSON
import Testing
import Torch

@Suite("The keys of a checkpoint")
struct CheckpointKeysTests {
    @Test(
        "are found under every name they have had",
        arguments: [
            ("bert.embeddings.word_embeddings.weight", .parameter("bert.embeddings.word_embeddings.weight")),
            ("embeddings.word_embeddings.weight", .parameter("bert.embeddings.word_embeddings.weight")),
            ("encoder.layer.10.output.dense.bias", .parameter("bert.encoder.layer.10.output.dense.bias")),
            ("bert.encoder.layer.0.output.LayerNorm.gamma", .parameter("bert.encoder.layer.0.output.LayerNorm.weight")),
            ("embeddings.LayerNorm.beta", .parameter("bert.embeddings.LayerNorm.bias")),
            ("qa_outputs.weight", .parameter("qa_outputs.weight")), ("bert.embeddings.position_ids", .unused),
            ("embeddings.position_ids", .unused), ("pooler.dense.weight", .unused), ("bert.pooler.dense.bias", .unused),
            ("cls.predictions.bias", .unused), ("cls.predictions.transform.LayerNorm.gamma", .unused),
            ("classifier.weight", .unused), ("something.else", .unknown), ("", .unknown), ("bert", .unknown),
            ("gamma", .unknown), ("module.bert.embeddings.LayerNorm.bias", .unknown),
        ] as [(String, CheckpointKeys.Role)])
    func roles(_ name: String, _ role: CheckpointKeys.Role) {
        #expect(CheckpointKeys.role(of: name) == role)
    }

    @Test("are those of transformers' gradients for the tiny BERT, with their shapes")
    func shapes() throws {
        let gradients = try SafetensorsFile(path: fixture("tiny_bert/gradients.safetensors"))
        let shapes = try ModelParameters.shapes(EncoderConfig(directory: fixture("tiny_bert")))
        #expect(shapes.map(\.key).sorted() == gradients.names.sorted())
        for parameter in shapes { #expect(gradients[parameter.key]?.shape == parameter.shape) }
        #expect(shapes.first?.key == "bert.embeddings.word_embeddings.weight")
        #expect(shapes.suffix(2).map(\.key) == ModelParameters.headKeys)
    }
}

@Suite("A checkpoint")
struct CheckpointContentsTests {
    @Test(
        "has the same encoder in every way that transformers saves it",
        arguments: ["base", "pretraining", "masked_lm", "legacy", "sharded"])
    func formats(_ name: String) throws {
        let reference = try ModelDirectory(path: fixture("key_formats/question_answering")).contents()
        #expect(reference.newKeys.isEmpty && reference.unusedNames.isEmpty)
        let directory = try ModelDirectory(path: fixture("key_formats/\(name)"))
        let contents = try directory.contents()
        #expect(contents.newKeys == (name == "sharded" ? [] : ModelParameters.headKeys))
        #expect(contents.unusedNames.contains { $0.hasSuffix("position_ids") } == (name == "legacy"))
        for parameter in ModelParameters.shapes(directory.config) where !contents.newKeys.contains(parameter.key) {
            let bytes = contents.tensors[parameter.key]?.withBytes { Array($0) }
            #expect(bytes != nil && bytes == reference.tensors[parameter.key]?.withBytes { Array($0) })
        }
    }

    @Test(
        "that doesn't fit its configuration is refused with the keys",
        arguments: [
            (2, 23, "16 missing: bert.encoder.layer.1.attention.self.query.weight,"),
            (2, 23, "bert.encoder.layer.1.attention.output.LayerNorm.bias and 6 more"),
            (1, 24, "1 of another shape: bert.embeddings.word_embeddings.weight ([23, 16] instead of [24, 16])"),
        ])
    func mismatch(_ layers: Int, _ vocabulary: Int, _ message: String) throws {
        var config = try EncoderConfig(directory: fixture("key_formats/question_answering"))
        config.layerCount = layers
        config.vocabSize = vocabulary
        let weights = try ModelWeights(file: fixture("key_formats/question_answering/model.safetensors"))
        let error = try #require(throws: CheckpointError.self) { try CheckpointContents(weights, config: config) }
        #expect(error.kind == .mismatch)
        #expect(error.description.contains(message))
        #expect(error.path.hasSuffix("model.safetensors"))
    }

    @Test(
        "has that encoder in the forms of 2018, 2019, 2021 and today, to the precision of its weights",
        arguments: ["pickle_2018", "pickle_2019", "pickle_2021", "bfloat16"])
    func history(_ name: String) throws {
        try withTemporaryDirectory { parent in
            let directory = "\(parent)/model"
            try FileManager.default.copyItem(atPath: fixture("key_formats/\(name)"), toPath: directory)
            if PickleConversion.pickle(in: directory) != nil { try PickleConversion.convert(directory: directory) }
            let model = try QuestionAnsweringModel(
                directory: ModelDirectory(path: directory), use: .training, precision: .fp32)
            let reference = try QuestionAnsweringModel(
                directory: ModelDirectory(path: fixture("key_formats/question_answering")), use: .training,
                precision: .fp32)
            let stored: DType = name == "bfloat16" ? .bfloat16 : name == "pickle_2021" ? .float16 : .float32
            for (key, tensor) in model.parameters.all where !ModelParameters.headKeys.contains(key) {
                let expected: [Float] = try #require(reference.parameters[key]).to(stored).to(.float32).array()
                #expect(try tensor.array() == expected, "\(key)")
            }
        }
    }

    @Test("may lack its head whole, but not by half")
    func head() throws {
        try withTemporaryDirectory { directory in
            try Self.rewrite(to: directory) { tensors in tensors.removeAll { $0.name == "qa_outputs.bias" } }
            let error = try #require(throws: CheckpointError.self) { try ModelDirectory(path: directory).contents() }
            #expect(error.description.contains("1 missing: qa_outputs.bias"))
            try Self.rewrite(to: directory) { tensors in tensors.removeAll { $0.name.hasPrefix("qa_outputs") } }
            #expect(try ModelDirectory(path: directory).contents().newKeys == ModelParameters.headKeys)
        }
    }

    @Test("with more than the configuration describes is refused with the names in the file")
    func unexpected() throws {
        try withTemporaryDirectory { directory in
            try Self.rewrite(to: directory) { tensors in
                tensors.append(.init(name: "encoder.layer.1.output.dense.bias", elementType: .float32, shape: [16]))
                tensors.append(.init(name: "encoder.adapter.weight", elementType: .float32, shape: [1]))
            }
            let error = try #require(throws: CheckpointError.self) { try ModelDirectory(path: directory).contents() }
            #expect(
                error.description.contains("2 unexpected: encoder.adapter.weight, encoder.layer.1.output.dense.bias"))
        }
    }

    @Test("may have the head of another model, which is ignored and named")
    func otherHead() throws {
        try withTemporaryDirectory { directory in
            try Self.rewrite(to: directory) { tensors in
                tensors.append(.init(name: "crf.transitions", elementType: .float32, shape: [3]))
            }
            #expect(try ModelDirectory(path: directory).contents().unknownNames == ["crf.transitions"])
        }
    }

    @Test("of DataParallel, in which transformers finds no weights, is refused with the reason")
    func wrapped() throws {
        try withTemporaryDirectory { directory in
            try Self.rewrite(to: directory) { tensors in
                tensors = tensors.map { .init(name: "module.\($0.name)", elementType: .float32, shape: $0.shape) }
            }
            let error = try #require(throws: CheckpointError.self) { try ModelDirectory(path: directory).contents() }
            #expect(error.kind == .mismatch && error.message.contains("DataParallel"))
        }
    }

    @Test("with a parameter under two names, or of whole numbers, is refused")
    func ambiguous() throws {
        try withTemporaryDirectory { directory in
            try Self.rewrite(to: directory) { tensors in
                tensors.append(.init(name: "embeddings.LayerNorm.gamma", elementType: .float32, shape: [16]))
            }
            let twice = try #require(throws: CheckpointError.self) { try ModelDirectory(path: directory).contents() }
            #expect(twice.description.contains("1 present twice: bert.embeddings.LayerNorm.weight (as "))
            try Self.rewrite(to: directory) { tensors in
                tensors.removeAll { $0.name == "qa_outputs.bias" }
                tensors.append(.init(name: "qa_outputs.bias", elementType: .int8, shape: [2]))
            }
            let quantised = try #require(throws: CheckpointError.self) {
                try ModelDirectory(path: directory).contents()
            }
            #expect(quantised.description.contains("qa_outputs.bias (I8)"))
        }
    }

    /// The small question-answering model with zero weights and a changed list of tensors.
    private static func rewrite(to directory: String, _ change: (inout [TensorDescription]) -> Void) throws {
        let config = try EncoderConfig(directory: fixture("key_formats/question_answering"))
        try config.write(toDirectory: directory)
        var tensors = ModelParameters.shapes(config).map {
            TensorDescription(name: $0.key, elementType: .float32, shape: $0.shape)
        }
        change(&tensors)
        var writer = try SafetensorsWriter(
            file: FileOutput(creating: "\(directory)/model.safetensors"), tensors: tensors)
        for tensor in writer.order {
            let count = try #require(tensor.elementType.byteCount(shape: tensor.shape))
            try [UInt8](repeating: 0, count: count).withUnsafeBytes { bytes in
                try writer.append(bytes)
            }
        }
        try writer.finish()
    }
}
