import BERT
import QuestionAnswering
import Testing
import Tokenizers
import Torch

/// Reading by recorded graphs, on the CPU with the operations that a GPU would run.
@Suite("Reading by graphs")
struct ReadingGraphsTests {
    private static let texts = ["a b c", "the quick brown fox", "x", "one more text, longer.", "y z", "1 2 3 4 5 6"]

    private func rows(_ numbers: [Int], _ tokenizer: Tokenizer) -> [Feature] {
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 64))
        return numbers.flatMap { number in
            builder.rows(
                example: number, question: tokenizer.tokenize("why?").ids,
                context: tokenizer.tokenize(Self.texts[number]), spans: [])
        }
    }

    private func plain(_ rows: [Feature], _ model: QuestionAnsweringModel, _ tokenizer: Tokenizer) throws -> [Float] {
        var all: [Float] = []
        try Predictor(model: model, tokenizer: tokenizer, device: .cpu)
            .forEachRow(rows, progress: { _ in }) { _, logits in all += logits }
        return all
    }

    @Test("logits are those of plain passes, and a graph's have the bits of the pass that it was recorded from")
    func logits() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        // Three or four rows have one form.
        let batches = [[0, 1, 2], [3, 4, 5, 0], [5, 4, 3], [1, 2, 3, 4], [2, 1, 0]].map { rows($0, tokenizer) }
        let expected = try batches.map { try plain($0, model, tokenizer) }
        try Runtime.walkingDevicePath {
            let graphs = ReadingGraphs(model: model, tokenizer: tokenizer, device: .cpu)
            for (number, batch) in batches.enumerated() {
                let found = try graphs.begin(batch).array()
                #expect(graphs.count == (number < 2 ? 0 : 1))
                #expect(found.count == expected[number].count)
                #expect(zip(found, expected[number]).allSatisfy { abs($0 - $1) < 1e-4 })
                let once = try ReadingGraphs(model: model, tokenizer: tokenizer, device: .cpu).begin(batch).array()
                #expect(found == once)
            }
        }
    }

    @Test("a pass that was begun keeps its logits while the next one uses the same graph")
    func ahead() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        let batches = [[0, 1, 2, 3], [3, 4, 5, 0], [5, 4, 3, 1], [1, 2, 3, 4]].map { rows($0, tokenizer) }
        let expected = try batches.map { try plain($0, model, tokenizer) }
        try Runtime.walkingDevicePath {
            let graphs = ReadingGraphs(model: model, tokenizer: tokenizer, device: .cpu)
            let begun = try batches.map { try graphs.begin($0) }
            #expect(graphs.count == 1)
            for (pending, logits) in zip(begun, expected) {
                #expect(zip(try pending.array(), logits).allSatisfy { abs($0 - $1) < 1e-4 })
            }
        }
    }

    @Test("rows and ids that the model has no vectors for are refused before the device sees them")
    func refused() throws {
        let tokenizer = try smallTokenizer()
        let short = try smallModel(vocabulary: tokenizer.vocabulary.count, positions: 16)
        let poor = try smallModel(vocabulary: 20)
        Runtime.walkingDevicePath {
            for (model, part) in [(short, "has 26 tokens, more than 16"), (poor, "is outside the model's table of 20")]
            {
                let error = #expect(throws: TorchError.self) {
                    try ReadingGraphs(model: model, tokenizer: tokenizer, device: .cpu).begin(rows([3], tokenizer))
                }
                #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
            }
        }
    }
}
