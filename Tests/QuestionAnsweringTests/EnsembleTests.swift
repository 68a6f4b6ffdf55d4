import BERT
import Foundation
import QuestionAnswering
import Testing
import Tokenizers
import Torch

@Suite("Models that answer together")
struct EnsembleTests {
    private func rows(_ tokenizer: Tokenizer, _ options: FeatureOptions) -> [Feature] {
        FeatureBuilder(tokenizer: tokenizer, options: options).rows(
            example: 0, question: tokenizer.tokenize("why?").ids,
            context: tokenizer.tokenize("a long text that needs a number of windows to be read."), spans: [])
    }

    private func logits(_ rows: [Feature], seed: Int) -> [Float] {
        (0..<(2 * rows.reduce(0) { $0 + $1.length })).map { Float(sin(Double($0 * seed + seed)) * 4) }
    }

    /// The softmax over the tokens of the row's text, of one column.
    private func softmax(_ logits: [Float], _ row: Feature, column: Int) -> [Double] {
        let context = row.contextStart..<(row.contextStart + row.window.count)
        let powers = context.map { exp(Double(logits[2 * $0 + column])) }
        return powers.map { $0 / powers.reduce(0, +) }
    }

    @Test("the probability of each token is the mean of the models' probabilities")
    func mean() throws {
        let row = rows(try smallTokenizer(), FeatureOptions(maxLength: 64))
        #expect(row.count == 1)
        let models = [1, 2, 5].map { logits(row, seed: $0) }
        let together = LogitAverage.of(models, rows: row)
        for column in 0..<2 {
            let each = models.map { softmax($0, row[0], column: column) }
            for (token, probability) in softmax(together, row[0], column: column).enumerated() {
                #expect(abs(probability - each.reduce(0) { $0 + $1[token] } / 3) < 1e-5)
            }
        }
    }

    @Test("equal models answer together as each of them, in several windows too")
    func equals() throws {
        let row = rows(try smallTokenizer(), FeatureOptions(maxLength: 24, docStride: 6))
        #expect(row.count > 2)
        let one = logits(row, seed: 3)
        for (a, b) in zip(one, LogitAverage.of([one, one, one], rows: row)) { #expect(abs(a - b) < 1e-4) }
    }

    @Test("the same tokens are another tokenizer's only with the same ids, special tokens and splitting")
    func tokenizers() throws {
        let own = try smallTokenizer()
        #expect(own.difference(from: try smallTokenizer()) == nil)
        var oneSegment = try smallTokenizer()
        oneSegment.secondType = 0
        #expect(own.difference(from: oneSegment) == nil)
        let pieces = (0..<Int32(own.vocabulary.count)).compactMap { own.vocabulary[$0] }
        let swapped = try Tokenizer(vocabulary: Vocabulary(Array(pieces.dropLast(2)) + pieces.suffix(2).reversed()))
        #expect(own.difference(from: swapped)?.contains("the token \(pieces.count - 2) is") == true)
        let shorter = try Tokenizer(vocabulary: Vocabulary(pieces.dropLast()))
        #expect(own.difference(from: shorter)?.contains("missing") == true)
        let cased = try Tokenizer(vocabulary: Vocabulary(pieces), normaliser: Normaliser(lowercases: false))
        let lower = try Tokenizer(vocabulary: Vocabulary(pieces), normaliser: Normaliser(lowercases: true))
        #expect(cased.difference(from: lower)?.contains("capitals") == true)
    }
}
