import BERT
import Foundation
import QuestionAnswering
import Testing
import Torch
import Tokenizers

@Suite("Span decoding")
struct DecodingTests {
    /// All pairs, sorted: what the decoder must agree with.
    private func bruteForce(_ logits: [Float], context: Range<Int>, longest: Int) -> [ScoredSpan] {
        var all: [(Int, Int, Float)] = []
        for start in context {
            for end in start..<min(context.upperBound, start + longest) {
                all.append((start, end, logits[2 * start] + logits[2 * end + 1]))
            }
        }
        let order = all.indices.sorted { (-all[$0].2, $0) < (-all[$1].2, $1) }
        return order.map { ScoredSpan(tokens: all[$0].0...all[$0].1, logit: all[$0].2) }
    }

    @Test("the best spans are those of all pairs, in order", arguments: [1, 2, 7, 40], [1, 3, 30])
    func allPairs(count: Int, longest: Int) throws {
        for seed in 1...20 {
            let logits: [Float] = try Tensor.normal([60], standardDeviation: 2, seed: UInt64(seed)).array()
            let decoder = SpanDecoder(maxAnswerLength: longest)
            let found = decoder.best(count, logits: logits[...], context: 8..<29)
            #expect(found == Array(bruteForce(logits, context: 8..<29, longest: longest).prefix(count)))
        }
    }

    @Test("of equal spans the first one wins, and nothing outside the text is chosen")
    func ties() {
        let logits = [Float](repeating: 0, count: 20)
        let best = SpanDecoder().best(3, logits: logits[...], context: 4..<6)
        #expect(best.map(\.tokens) == [4...4, 4...5, 5...5])
    }

    @Test("a model's logits do not depend on the rows it is asked together with")
    func batching() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        let texts = ["a b c", "the quick brown fox", "x", "one more text, longer than the others."]
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 64))
        let rows = texts.enumerated().flatMap { index, text in
            builder.rows(
                example: index, question: tokenizer.tokenize("why?").ids, context: tokenizer.tokenize(text), spans: []
            )
        }
        let predictor = Predictor(model: model, tokenizer: tokenizer, device: .cpu)
        let together = try predictor.predict(rows, count: 3).predictions
        for row in rows {
            let alone = try predictor.predict([row], count: 3).predictions
            let (a, b) = (try #require(alone[row.example]), try #require(together[row.example]))
            #expect(a.candidates.map(\.range) == b.candidates.map(\.range))
            #expect(abs(a.noAnswerProbability - b.noAnswerProbability) < 1e-5)
            for (x, y) in zip(a.candidates, b.candidates) { #expect(abs(x.logit - y.logit) < 1e-4) }
        }
    }

    @Test("rows that all cores read keep their numbers, their logits and their order")
    func manyRows() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 64))
        let rows = (0..<150).flatMap { index in
            builder.rows(
                example: index, question: tokenizer.tokenize("why?").ids,
                context: tokenizer.tokenize(String(repeating: "a b ", count: 1 + index % 13)), spans: [])
        }
        let predictor = Predictor(model: model, tokenizer: tokenizer, device: .cpu)
        var expected: [(Int, [Float])] = []
        try predictor.forEachRow(rows, progress: { _ in }) { row, logits in
            expected.append((row.example, Array(logits)))
        }
        var found: [(Int, [Float])] = []
        try predictor.forEachReading(rows) { number, row, logits in
            (number, row.example, Array(logits))
        } _: { row, reading, logits in
            #expect(reading.0 == found.count && reading.1 == row.example && reading.2 == Array(logits))
            found.append((row.example, reading.2))
        }
        #expect(found.map(\.0) == Array(0..<150))
        #expect(found.map(\.1) == expected.map(\.1))
    }

    @Test("candidates are distinct places, best first, with probabilities that fall and sum to at most one")
    func candidates() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        // Windows that overlap by more than half see the same spans several times.
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 24, docStride: 12))
        let context = "a long text that needs a number of windows to be read."
        let rows = builder.rows(
            example: 0, question: tokenizer.tokenize("why?").ids, context: tokenizer.tokenize(context), spans: [])
        #expect(rows.count > 2)
        let predictor = Predictor(model: model, tokenizer: tokenizer, device: .cpu)
        let found = try #require(try predictor.predict(rows, count: 25).predictions[0]).candidates
        #expect(found.count == 25)
        #expect(Set(found.map(\.range)).count == 25)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.logit >= $1.logit && $0.probability >= $1.probability })
        #expect(found.reduce(0) { $0 + $1.probability } <= 1)
        #expect(found.allSatisfy { $0.range.upperBound <= context.utf8.count && !$0.range.isEmpty })
    }

    @Test("loss and accuracy over labelled rows are those of the logits")
    func loss() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 64))
        let examples = [
            example("why?", "b c d", answer: "c", id: "1"),
            example("who?", "the fox ran", answer: "fox", id: "2", paragraph: 1),
        ]
        let rows = builder.build(examples, labelled: true).features
        let predictor = Predictor(model: model, tokenizer: tokenizer, device: .cpu)
        let measured = try predictor.predict(rows, labelled: true).loss
        let batch = try PackedBatch(rows, tokenizer: tokenizer, config: EncoderConfig(), device: .cpu)
        let expected = try model.loss(batch.input, targets: batch.targets, rowDivisor: 2).item()
        #expect(abs(measured.loss - expected) < 1e-5)
        #expect(measured.rows == 2)
        #expect([0, 0.25, 0.5, 0.75, 1].contains(measured.accuracy))
    }

    @Test("the lowest [CLS] of all windows against the best span says how likely no answer is")
    func noAnswer() throws {
        let tokenizer = try smallTokenizer()
        let model = try smallModel(vocabulary: tokenizer.vocabulary.count)
        let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 24, docStride: 6))
        let rows = builder.rows(
            example: 0, question: tokenizer.tokenize("why?").ids,
            context: tokenizer.tokenize("a long text that needs a number of windows to be read."), spans: [])
        #expect(rows.count > 2)
        let predictor = Predictor(model: model, tokenizer: tokenizer, device: .cpu)
        var lowest = Float.infinity
        try predictor.forEachRow(rows, progress: { _ in }) { _, logits in
            lowest = min(lowest, logits[logits.startIndex] + logits[logits.startIndex + 1])
        }
        let prediction = try #require(try predictor.predict(rows).predictions[0])
        let best = try #require(prediction.candidates.first)
        let expected = 1 / (1 + exp(Double(best.logit) - Double(lowest)))
        #expect(abs(prediction.noAnswerProbability - expected) < 1e-12)
        #expect(prediction.answer(threshold: nil) == best)
        #expect(prediction.answer(threshold: prediction.noAnswerProbability) == best)
        #expect(prediction.answer(threshold: prediction.noAnswerProbability.nextDown) == nil)
    }
}
