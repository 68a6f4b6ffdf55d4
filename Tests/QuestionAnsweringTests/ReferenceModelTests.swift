import BERT
import Evaluating
import Checkpoints
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON
import TestDevice
import Testing
import Torch

/// The model that transformers fine-tuned, and the answers it gave with it.
@Suite(
    "The reference model", .serialized, .enabled(if: ReferenceModel.isThere, "BERTQA_MODELS and SQUAD_DIR are not set"))
struct ReferenceModelTests {
    @Test("float32 predictions equal transformers' for at least 99.5 per cent of the questions")
    func predictions() throws {
        let dataset = try Dataset(path: ReferenceModel.data)
        let examples = dataset.examples()
        let loaded = try LoadedModel(
            directory: ReferenceModel.path, use: .inference, precision: .fp32, device: TestDevice.current())
        let rows = FeatureBuilder(tokenizer: loaded.tokenizer, options: FeatureOptions(truncation: .end)).build(
            examples, labelled: false)
        let predictor = try Predictor(
            model: loaded.model, tokenizer: loaded.tokenizer, device: TestDevice.current())
        let texts = Evaluation.texts(try predictor.predict(rows.features).predictions, of: examples, threshold: nil)
        let recorded = try Predictions(path: "\(ReferenceModel.path)/predictions-dev.json").answers
        let same = texts.count { recorded[$0.key] == $0.value }
        #expect(Double(same) >= 0.995 * Double(examples.count), "\(same) of \(examples.count)")
        // What transformers reached with the stored weights; see the model's README.
        let scores = SQuADMetrics.score(dataset, predictions: texts)
        #expect(abs(scores.f1 - 75.36) < 0.1)
        #expect(abs(scores.exactMatch - 63.98) < 0.2)
    }

    /// - Source: what the tutorial's own code gives for this model and data.
    @Test(
        "the tutorial's procedure gives its author's figures",
        arguments: [(128, 773, 207, 1092, 0.71635), (384, 979, 1, 1359, 0.70528)])
    func tutorial(length: Int, rows: Int, dropped: Int, points: Int, f1: Double) throws {
        let examples = try Dataset(path: ReferenceModel.data).examples()
        let loaded = try LoadedModel(
            directory: ReferenceModel.path, use: .inference, precision: .fp32, device: TestDevice.current())
        let predictor = try Predictor(
            model: loaded.model, tokenizer: loaded.tokenizer, device: TestDevice.current())
        let scores = try predictor.tutorialScores(examples, options: FeatureOptions(maxLength: length)).scores
        #expect(scores.rows == rows && scores.dropped == dropped)
        #expect(abs(scores.tokenCorrect - points) <= 2)
        #expect(abs(scores.f1 - f1) < 0.001)
    }

    /// - Source: `Tools/make_reference_fixtures.py`
    @Test("logits of real rows equal transformers'")
    func logits() throws {
        let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/minilm_logits.safetensors")
        let expected = try SafetensorsFile(path: url.path)
        let examples = try Dataset(path: ReferenceModel.data).examples().filter { expected.names.contains($0.id.text) }
        #expect(examples.count == 8)
        let loaded = try LoadedModel(
            directory: ReferenceModel.path, use: .inference, precision: .fp32, device: TestDevice.current())
        let rows = FeatureBuilder(tokenizer: loaded.tokenizer, options: FeatureOptions(truncation: .end)).build(
            examples, labelled: false
        ).features
        let batch = try PackedBatch(
            rows, tokenizer: loaded.tokenizer, config: loaded.model.config, device: TestDevice.current())
        let logits: [Float] = try withoutGradients { () throws(TorchError) in try loaded.model(batch.input).array() }
        var start = 0
        for row in rows {
            let view = try #require(expected[examples[row.example].id.text])
            try #require(view.shape == [row.length, 2])
            let numbers = view.withBytes { bytes in
                (0..<(2 * row.length)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
            let scale = numbers.map { abs($0) }.max() ?? 0
            let worst = zip(numbers, logits[(2 * start)...]).map { abs($0 - $1) }.max() ?? .infinity
            #expect(
                try Double(worst / scale) < TestDevice.tolerance(1e-5), "\(examples[row.example].id): \(worst / scale)")
            start += row.length
        }
    }

    @Test("bfloat16 is within the limits that a device is checked by, in answering and in training")
    func deviceCheck() throws {
        for use in [ParameterUse.inference, .training] {
            let loaded = try LoadedModel(
                directory: ReferenceModel.path, use: use, precision: .bf16, device: TestDevice.current(),
                skipsDeviceCheck: true)
            try DeviceCheck.check(
                loaded.model, tokenizer: loaded.tokenizer, directory: ModelDirectory(path: ReferenceModel.path),
                use: use,
                device: TestDevice.current(), headSeed: 42
            ) { Issue.record("\($0)") }
        }
    }

    @Test("a reader answers with text, score and a range that counts Unicode scalars")
    func reader() async throws {
        let reader = try await Reader.load(ReferenceModel.path)
        let context = "🗼👩‍👩‍👧 Né en 1832, the engineer Gustave Eiffel built the tower in Paris; it opened in 1889."
        let answer = try await reader.answer("When did the tower open?", in: context)
        #expect(answer.text == "1889")
        #expect(answer.score > 0 && answer.score <= 1)
        let scalars = Array(context.unicodeScalars)[answer.range]
        #expect(String(String.UnicodeScalarView(scalars)) == "1889")
        let several = try await reader.answers("Who built it?", in: context, count: 4)
        #expect(several.count == 4)
        #expect(several.first?.text.contains("Eiffel") == true)
        #expect(Set(several.map(\.range)).count == 4)
    }

    @Test("a long text is read to its end")
    func longText() async throws {
        let reader = try await Reader.load(ReferenceModel.path)
        let filler = String(repeating: "The weather stayed calm and nothing of note happened that day. ", count: 120)
        let answer = try await reader.answer(
            "What is the name of the captain?", in: filler + "The captain is called Ilse Brandt. " + filler)
        #expect(answer.text.contains("Ilse Brandt"))
    }

    @Test("an empty question or text, and a question that fills the row, are errors that say so")
    func badInput() async throws {
        let reader = try await Reader.load(ReferenceModel.path)
        for (question, context) in [("", "text"), (" \n", "text"), ("Who?", ""), ("Who?", " \u{0} ")] {
            await #expect(throws: ReaderError.self) { try await reader.answer(question, in: context) }
        }
        let long = String(repeating: "why ", count: 400)
        let error = await #expect(throws: ReaderError.self) { try await reader.answer(long, in: "text") }
        #expect(error?.description.contains("400 tokens") == true)
    }
}

/// Where the reference model and its data are.
enum ReferenceModel {
    static let path = (ProcessInfo.processInfo.environment["BERTQA_MODELS"] ?? "") + "/minilm-squad"
    static let data = (ProcessInfo.processInfo.environment["SQUAD_DIR"] ?? "") + "/dev.json"
    static var isThere: Bool {
        FileManager.default.fileExists(atPath: path + "/config.json") && FileManager.default.fileExists(atPath: data)
    }
}
