import BERT
import Checkpoints
import Files
import Foundation
import Scratch
import StrictJSON
import Testing
import Torch

/// The files of each family: names and defaults are transformers' own, by `Tools/make_family_fixtures.py`.
@Suite("The files of a family")
struct FamilyFileTests {
    private func config(_ json: String) throws -> EncoderConfig {
        try EncoderConfig(json: JSONValue.parse(Array(json.utf8)), path: "some/config.json")
    }

    /// A directory with a configuration and weights of nought under these names.
    private func write(_ config: EncoderConfig, _ weights: [(key: String, shape: [Int])], to directory: String) throws {
        try config.write(toDirectory: directory)
        let tensors = weights.map { TensorDescription(name: $0.key, elementType: .float32, shape: $0.shape) }
        var writer = try SafetensorsWriter(
            file: FileOutput(creating: "\(directory)/model.safetensors"), tensors: tensors)
        for tensor in writer.order {
            let count = try #require(tensor.elementType.byteCount(shape: tensor.shape))
            try [UInt8](repeating: 0, count: count).withUnsafeBytes { bytes in try writer.append(bytes) }
        }
        try writer.finish()
    }

    /// The configuration of the tiny models of the fixtures.
    private func tiny(_ family: EncoderFamily) throws -> EncoderConfig {
        var config = EncoderConfig(family: family)
        (config.vocabSize, config.hiddenSize, config.layerCount, config.headCount) = (40, 16, 2, 2)
        (config.intermediateSize, config.maxPositionEmbeddings) = (24, 40)
        switch family {
        case .electra: config.embeddingSize = 8
        case .roberta, .xlmRoberta, .camembert: (config.maxPositionEmbeddings, config.typeVocabSize) = (42, 1)
        case .bert, .distilbert: break
        }
        return config
    }

    @Test("have transformers' defaults where they say nothing", arguments: EncoderFamily.allCases)
    func defaults(family: EncoderFamily) throws {
        let theirs = try #require(fixtureJSON("families/configs.json")[family.rawValue]?.object)
        let config = try config(#"{"model_type": "\#(family.rawValue)"}"#)
        #expect(config == EncoderConfig(family: family))
        let ours = try #require(config.json().object)
        let known = ours.filter { theirs[$0.0] != nil && !["architectures", "dtype"].contains($0.0) }
        // Every setting but one is transformers'; that one it had until version 5.
        #expect(known.count >= (family == .distilbert ? 13 : 14))
        for (key, value) in known {
            #expect(value == theirs[key] || value.double == theirs[key]?.double, "\(key): \(value)")
        }
        #expect(ours["architectures"]?.array?.first?.string?.hasSuffix("ForQuestionAnswering") == true)
        #expect(ours["position_embedding_type"]?.string == (family == .distilbert ? nil : "absolute"))
    }

    @Test("are what transformers names the class that is saved, and load whole", arguments: EncoderFamily.allCases)
    func ownClass(family: EncoderFamily) throws {
        let config = try tiny(family)
        let architecture = try #require(config.json()["architectures"]?.array?.first?.string)
        let shapes = ModelParameters.shapes(config)
        if family != .bert {
            let theirs = try #require(fixtureJSON("families/keys.json")[family.rawValue]?[architecture]?.object)
            #expect(shapes.map(\.key).sorted() == theirs.map(\.0).sorted())
            for shape in shapes { #expect(theirs[shape.key]?.array?.compactMap(\.int) == shape.shape, "\(shape.key)") }
        }
        try withTemporaryDirectory { directory in
            try write(config, shapes.map { ($0.key, $0.shape) }, to: directory)
            let contents = try ModelDirectory(path: directory).contents()
            #expect(contents.newKeys.isEmpty && contents.unusedNames.isEmpty && contents.unknownNames.isEmpty)
        }
    }

    @Test(
        "of every class of transformers load with a new head, and only heads are left unused",
        arguments: EncoderFamily.allCases.filter { $0 != .bert })
    func classes(family: EncoderFamily) throws {
        let classes = try #require(fixtureJSON("families/keys.json")[family.rawValue]?.object)
        #expect(classes.count >= 6)
        for (name, weights) in classes where !name.hasSuffix("ForQuestionAnswering") {
            let keys = try #require(weights.object).map { ($0.0, $0.1.array?.compactMap(\.int) ?? []) }
            try withTemporaryDirectory { directory in
                try write(tiny(family), keys, to: directory)
                let contents = try ModelDirectory(path: directory).contents()
                #expect(contents.newKeys == ModelParameters.headKeys, "\(name)")
                // What ELECTRA's generator predicts with is named: its discriminator is the one to fine-tune.
                #expect(contents.unknownNames.isEmpty == (name != "ElectraForMaskedLM"), "\(name)")
                #expect(contents.tensors.count == ModelParameters.shapes(try tiny(family)).count - 2)
                let rest = contents.unusedNames.count + contents.unknownNames.count
                #expect(rest == keys.count - contents.tensors.count, "\(name)")
            }
        }
    }

    @Test("are told by their class where they have no model_type", arguments: EncoderFamily.allCases)
    func architectures(family: EncoderFamily) throws {
        for name in EncoderConfig(family: family).json()["architectures"]?.array?.compactMap(\.string) ?? [] {
            #expect(try config(#"{"architectures": ["\#(name)"]}"#).family == family)
            let base = name.replacing("ForQuestionAnswering", with: "Model")
            #expect(try config(#"{"architectures": ["Other", "\#(base)"]}"#).family == family)
        }
    }

    @Test(
        "of a family that computes something else are refused by name",
        arguments: [
            (#"{"model_type": "xlm-roberta-xl"}"#, "xlm-roberta-xl"), (#"{"model_type": "deberta-v2"}"#, "xlm-roberta"),
            (#"{"architectures": ["RobertaPreLayerNormModel"]}"#, "RobertaPreLayerNormModel"),
            (#"{"architectures": ["XLMRobertaXLModel"]}"#, "XLMRobertaXLModel"),
            (#"{"model_type": "electra", "position_embedding_type": "relative_key"}"#, "relative_key"),
            (#"{"model_type": "distilbert", "activation": "relu"}"#, "'activation' is 'relu'"),
            (#"{"model_type": "roberta", "is_decoder": true}"#, "is_decoder"),
        ])
    func unsupported(_ json: String, _ word: String) throws {
        let error = try #require(throws: CheckpointError.self) { try config(json) }
        #expect(error.kind == .unsupported && error.description.contains(word))
    }

    @Test(
        "with an impossible value are refused by the family's own key",
        arguments: [
            (#"{"model_type": "distilbert", "dim": 100}"#, "'dim' 100 cannot be divided by 'n_heads' 12"),
            (#"{"model_type": "distilbert", "qa_dropout": 1}"#, "qa_dropout"),
            (#"{"model_type": "distilbert", "n_layers": 0}"#, "n_layers"),
            (#"{"model_type": "electra", "embedding_size": 0}"#, "embedding_size"),
            (#"{"model_type": "roberta", "max_position_embeddings": 2}"#, "positions begin at 2"),
            (#"{"model_type": "camembert", "pad_token_id": 40000}"#, "pad_token_id"),
        ])
    func invalid(_ json: String, _ word: String) throws {
        let error = try #require(throws: CheckpointError.self) { try config(json) }
        #expect(error.kind == .invalid && error.description.contains(word))
    }

    @Test("give the longest row: RoBERTa's positions begin behind the padding's id")
    func longestRow() throws {
        #expect(try config(#"{"model_type": "roberta", "max_position_embeddings": 514}"#).longestRow == 512)
        #expect(
            try config(#"{"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 0}"#).longestRow
                == 513)
        #expect(try config(#"{"model_type": "electra"}"#).longestRow == 512)
    }

    @Test("keep what BertQA has no use for, and lose the names that transformers reads as another")
    func others() throws {
        let distilled = try config(
            #"{"model_type":"distilbert","hidden_size":24,"dim":36,"sinusoidal_pos_embds":true,"type_vocab_size":9}"#)
        // transformers sets the attribute of the alias last.
        #expect(distilled.hiddenSize == 24 && distilled.typeVocabSize == 0)
        let object = try #require(distilled.json().object)
        #expect(object["dim"]?.int == 24 && object["hidden_size"] == nil)
        #expect(object["sinusoidal_pos_embds"]?.bool == true && object["type_vocab_size"]?.int == 9)
        #expect(try EncoderConfig(json: distilled.json(), path: "again") == distilled)
    }

    @Test("that are those of another family say so")
    func wrongFamily() throws {
        try withTemporaryDirectory { directory in
            let weights = ModelParameters.shapes(try tiny(.distilbert)).map { ($0.key, $0.shape) }
            try write(tiny(.roberta), weights, to: directory)
            let error = try #require(throws: CheckpointError.self) { try ModelDirectory(path: directory).contents() }
            #expect(error.message.contains("its names are those of DistilBERT, but config.json describes a RoBERTa"))
            #expect(error.message.contains(#""model_type": "distilbert""#))
        }
    }

    @Test("XLM-RoBERTa and CamemBERT compute what RoBERTa does", arguments: [EncoderFamily.xlmRoberta, .camembert])
    func siblings(family: EncoderFamily) throws {
        let roberta = try ModelDirectory(path: fixture("families/roberta/model"))
        try withTemporaryDirectory { parent in
            let directory = "\(parent)/model"
            try FileManager.default.copyItem(atPath: roberta.path, toPath: directory)
            let text = try String(contentsOfFile: "\(directory)/config.json", encoding: .utf8)
            try text.replacing(#""model_type": "roberta""#, with: #""model_type": "\#(family.rawValue)""#)
                .write(toFile: "\(directory)/config.json", atomically: true, encoding: .utf8)
            let results = try [roberta, ModelDirectory(path: directory)].map { directory in
                let model = try QuestionAnsweringModel(directory: directory, use: .inference, precision: .fp32)
                let input = try EncoderInput(
                    ids: Array(2..<40), typeIDs: Array(repeating: 0, count: 38), lengths: [38],
                    numbering: model.config.positions)
                return try model(input).array() as [Float]
            }
            #expect(try EncoderConfig(directory: directory).family == family)
            #expect(results[0] == results[1] && results[0].allSatisfy(\.isFinite))
        }
    }

    @Test("in parts, and as a pickle in half precision without prefix, have the same weights as a whole file")
    func forms() throws {
        let sharded = try ModelDirectory(path: fixture("families/distilbert_sharded"))
        #expect(try sharded.contents().newKeys.isEmpty && sharded.weights.names.count > 30)
        try withTemporaryDirectory { parent in
            let directory = "\(parent)/model"
            try FileManager.default.copyItem(atPath: fixture("families/roberta_pickle"), toPath: directory)
            try PickleConversion.convert(directory: directory)
            let pickled = try ModelDirectory(path: directory)
            #expect(pickled.config.family == .roberta)
            let contents = try pickled.contents()
            #expect(contents.newKeys == ModelParameters.headKeys && contents.unknownNames.isEmpty)
            #expect(contents.unusedNames == ["embeddings.position_ids"])
            #expect(try pickled.storedType == .float16)
        }
    }

    @Test(
        "written are files read: weights and configuration", arguments: [EncoderFamily.distilbert, .electra, .roberta])
    func writing(family: EncoderFamily) throws {
        let original = try QuestionAnsweringModel(
            directory: ModelDirectory(path: fixture("families/\(family.rawValue)/model")), use: .training,
            precision: .fp32)
        try withTemporaryDirectory { directory in
            try original.writeWeights(to: "\(directory)/model.safetensors")
            try original.config.write(toDirectory: directory)
            let again = try QuestionAnsweringModel(
                directory: ModelDirectory(path: directory), use: .inference, precision: .fp32)
            #expect(again.config == original.config)
            for (name, tensor) in original.parameters.all {
                let (left, right): ([Float], [Float]) = try (
                    tensor.array(), #require(again.parameters[name]).array()
                )
                #expect(left == right, "\(name)")
            }
        }
    }
}
