import BERT
import Checkpoints
import Foundation
import Scratch
import StrictJSON
import Testing

private func config(_ json: String) throws -> EncoderConfig {
    try EncoderConfig(json: JSONValue.parse(Array(json.utf8)), path: "some/config.json")
}

private func text(_ config: EncoderConfig) -> String {
    config.json().serialized(pretty: false, sortedKeys: false)
}

@Suite("A configuration")
struct EncoderConfigTests {
    @Test("of the tiny BERT is read as transformers wrote it")
    func tiny() throws {
        let config = try EncoderConfig(directory: fixture("tiny_bert"))
        #expect(config.vocabSize == 99)
        #expect(config.hiddenSize == 32)
        #expect(config.layerCount == 3)
        #expect(config.headCount == 4)
        #expect(config.headSize == 8)
        #expect(config.intermediateSize == 64)
        #expect(config.maxPositionEmbeddings == 64)
        #expect(config.typeVocabSize == 2)
        #expect(config.hiddenDropout == 0)
        #expect(config.attentionDropout == 0)
        #expect(config.layerNormEpsilon == 1e-12)
    }

    @Test("without any keys is BERT-base, as in transformers")
    func defaults() throws {
        let config = try config("{}")
        #expect(config == EncoderConfig())
        #expect(config.vocabSize == 30522 && config.hiddenSize == 768 && config.layerCount == 12)
        #expect(config.headCount == 12 && config.intermediateSize == 3072 && config.maxPositionEmbeddings == 512)
        #expect(config.hiddenDropout == 0.1 && config.attentionDropout == 0.1 && config.initializerRange == 0.02)
    }

    @Test("keeps a calibration, and maps thresholds there and back")
    func confidence() throws {
        let record =
            #"{"temperature":1.5,"scale":1.25,"offset":-0.5,"no_answer":{"scale":0.5,"offset":1},"questions":72}"#
        var config = try config(#"{"bertqa_confidence":\#(record),"no_answer_threshold":0.25}"#)
        #expect(
            text(config).contains("\"bertqa_confidence\":\(record.replacing("\"offset\":1}", with: "\"offset\":1.0}"))")
        )
        let confidence = try #require(config.confidence)
        // σ(logit / 2 + 1) = 1/4 where the logit is 2 (ln(1/3) - 1).
        let raw = 1 / (1 + exp(-2 * (log(1.0 / 3) - 1)))
        #expect(abs(try #require(config.rawNoAnswerThreshold) - raw) < 1e-12)
        #expect(abs(confidence.noAnswerProbability(raw) - 0.25) < 1e-12)
        #expect(confidence.noAnswerProbability(0) == 0 && confidence.noAnswerProbability(1) == 1)
        // A span with half of the probability of all: log-odds 0; reduced by the probability of no answer.
        let score = confidence.score(logit: 3, logSum: 2 + log(2.0), noAnswer: raw)
        #expect(abs(score - 0.75 / (1 + exp(0.5))) < 1e-12)
        config.confidence = ConfidenceCalibration(
            temperature: .nan, answer: ConfidenceCalibration.Map(scale: 1, offset: 0), questions: 1)
        let error = #expect(throws: CheckpointError.self) { try config.validate(path: "config.json") }
        #expect(error?.description.contains("bertqa_confidence.temperature") == true)
    }

    @Test(
        "that BertQA doesn't compute is refused by name",
        arguments: [
            (#"{"model_type":"xlnet"}"#, "xlnet"), (#"{"model_type":5}"#, "'5'"),
            (#"{"architectures":["AlbertModel"]}"#, "AlbertModel"),
            (#"{"architectures":["BertGenerationEncoder"]}"#, "BertGenerationEncoder"),
            (#"{"model_type":"xlnet","architectures":["BertModel"]}"#, "xlnet"),
            (#"{"hidden_act":"gelu_new"}"#, "gelu_new"), (#"{"hidden_act":"relu"}"#, "relu"),
            (#"{"position_embedding_type":"relative_key"}"#, "relative_key"), (#"{"is_decoder":true}"#, "is_decoder"),
            (#"{"add_cross_attention":true}"#, "add_cross_attention"),
            (#"{"quantization_config":{}}"#, "quantization_config"),
        ])
    func unsupported(_ json: String, _ word: String) throws {
        let error = try #require(throws: CheckpointError.self) { try config(json) }
        #expect(error.kind == .unsupported)
        #expect(error.description.hasPrefix("some/config.json: "))
        #expect(error.description.contains(word))
    }

    @Test(
        "is read whatever its architectures are where its type is bert, and by them where it has no type",
        arguments: [
            #"{"model_type":"bert","architectures":["OurOwnReader"]}"#,
            #"{"model_type":"bert","architectures":["RobertaModel"]}"#,
            #"{"model_type":"bert","architectures":null}"#, #"{"architectures":["BertForMaskedLM"]}"#,
            #"{"architectures":["OurOwnReader","BertModel"]}"#, #"{"architectures":["BertCrfForNer"]}"#,
            #"{"architectures":[]}"#,
            #"{"hidden_act":"gelu_python"}"#,
        ])
    func architectures(_ json: String) throws {
        let config = try config(json)
        #expect(config.hiddenSize == 768)
        #expect(try EncoderConfig(json: config.json(), path: "again") == config)
    }

    @Test(
        "with an impossible value is refused by the key",
        arguments: [
            (#"[]"#, "object"), (#"{"vocab_size":0}"#, "vocab_size"), (#"{"vocab_size":"9"}"#, "vocab_size"),
            (#"{"hidden_size":-768}"#, "hidden_size"), (#"{"hidden_size":1e300}"#, "hidden_size"),
            (#"{"hidden_size":100}"#, "num_attention_heads"), (#"{"num_hidden_layers":1001}"#, "num_hidden_layers"),
            (#"{"num_hidden_layers":2.5}"#, "num_hidden_layers"),
            (#"{"intermediate_size":99999999999}"#, "intermediate_size"),
            (#"{"max_position_embeddings":0}"#, "max_position_embeddings"),
            (#"{"type_vocab_size":0}"#, "type_vocab_size"),
            (#"{"hidden_dropout_prob":1}"#, "hidden_dropout_prob"),
            (#"{"hidden_dropout_prob":"0"}"#, "hidden_dropout_prob"),
            (#"{"attention_probs_dropout_prob":-0.1}"#, "attention_probs_dropout_prob"),
            (#"{"layer_norm_eps":0}"#, "layer_norm_eps"), (#"{"initializer_range":-1}"#, "initializer_range"),
            (#"{"pad_token_id":30522}"#, "pad_token_id"), (#"{"hidden_act":1}"#, "hidden_act"),
        ])
    func invalid(_ json: String, _ word: String) throws {
        let error = try #require(throws: CheckpointError.self) { try config(json) }
        #expect(error.kind == .invalid)
        #expect(error.description.contains(word))
    }

    @Test("is written back with the keys that BertQA has no use for")
    func unknownKeys() throws {
        let config = try config(
            #"""
            {"my_key":[1,{"a":null}],"architectures":["BertForMaskedLM"],\#
            "torch_dtype":"float16","classifier_dropout":null}
            """#
        )
        let object = try #require(config.json().object)
        #expect(
            object["my_key"]?.serialized(pretty: false, sortedKeys: false).replacing(" ", with: "")
                == #"[1,{"a":null}]"#)
        #expect(object["classifier_dropout"] == .null)
        #expect(object["architectures"] == .array([.string("BertForQuestionAnswering")]))
        #expect(object["dtype"] == .string("float32"))
        #expect(object["torch_dtype"] == nil)
        #expect(object["model_type"] == .string("bert"))
    }

    @Test("of a classifier loses its labels, because each would become an output of the head")
    func labels() throws {
        let three = try config(#"{"id2label":{"0":"a","1":"b","2":"c"},"label2id":{"a":0,"b":1,"c":2}}"#)
        #expect(!text(three).contains("label"))
        let two = try config(#"{"id2label":{"0":"start","1":"end"}}"#)
        #expect(text(two).contains("id2label"))
    }

    @Test("reads back equal after writing")
    func roundTrip() throws {
        let original = try EncoderConfig(directory: fixture("tiny_bert"))
        try withTemporaryDirectory { directory in
            try original.write(toDirectory: directory)
            #expect(try EncoderConfig(directory: directory) == original)
            let error = try #require(throws: CheckpointError.self) {
                try original.write(toDirectory: "\(directory)/none")
            }
            #expect(error.kind == .unwritable)
        }
    }

    @Test("that is missing or no JSON is refused with the path")
    func unreadable() throws {
        try withTemporaryDirectory { directory in
            let missing = try #require(throws: CheckpointError.self) { try EncoderConfig(directory: directory) }
            #expect(missing.kind == .missing)
            try write("{\n \"hidden_size\": }", to: "\(directory)/config.json")
            let damaged = try #require(throws: CheckpointError.self) { try EncoderConfig(directory: directory) }
            #expect(damaged.kind == .invalid)
            #expect(damaged.description.contains("line 2"))
        }
    }
}
