import BERT
import QuestionAnswering
import SQuAD
import Torch
import Tokenizers

/// A tokenizer whose words are the given ones and every letter and digit by itself.
func smallTokenizer(words: [String] = []) throws -> Tokenizer {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789.,?".unicodeScalars.map { String($0) }
    let pieces = letters.map { "##" + $0 }
    let known = Set(letters + pieces)
    return try Tokenizer(
        vocabulary: Vocabulary(
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + pieces + words.filter { !known.contains($0) }))
}

/// A small BERT with random weights.
func smallModel(vocabulary: Int, positions: Int = 64, seed: UInt64 = 1) throws -> QuestionAnsweringModel {
    var config = EncoderConfig()
    config.vocabSize = vocabulary
    config.hiddenSize = 32
    config.layerCount = 2
    config.headCount = 4
    config.intermediateSize = 64
    config.maxPositionEmbeddings = positions
    var all: [(name: String, tensor: Tensor)] = []
    for (index, parameter) in ModelParameters.shapes(config).enumerated() {
        let norm = parameter.key.hasSuffix("LayerNorm.weight")
        all.append(
            (
                parameter.key,
                norm
                    ? try Tensor.full(parameter.shape, value: 1)
                    : try Tensor.normal(parameter.shape, standardDeviation: 0.2, seed: seed &+ UInt64(index))
            ))
    }
    return try QuestionAnsweringModel(config: config, parameters: Parameters(all), precision: .fp32)
}

/// One example whose first answer is the given words of its context.
func example(_ question: String, _ context: String, answer: String, id: QuestionID = "q", paragraph: Int = 0) -> Example
{
    let start = context.range(ofScalars: answer) ?? -1
    return Dataset(articles: [
        Article(
            title: "",
            paragraphs: Array(repeating: Paragraph(context: "", questions: []), count: paragraph) + [
                Paragraph(
                    context: context,
                    questions: [
                        Question(id: id, question: question, answers: [AnswerSpan(text: answer, start: start)])
                    ])
            ])
    ]).examples()[0]
}

extension String {
    /// Where `part` begins, in Unicode scalars.
    func range(ofScalars part: String) -> Int? {
        let (whole, wanted) = (Array(unicodeScalars), Array(part.unicodeScalars))
        guard wanted.count <= whole.count else { return nil }
        return (0...(whole.count - wanted.count)).first { whole[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}
