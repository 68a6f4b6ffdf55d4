import BERT
import FineTuning
import Foundation
import QuestionAnswering
import SQuAD
import Torch
import Tokenizers

/// A directory with a tiny pretrained model and twelve questions: `model`, `train.json`.
package struct Workshop: Sendable {
    /// The directory.
    package let path: String
    /// The model's tokenizer.
    package let tokenizer: Tokenizer

    private let family: EncoderFamily

    /// Makes the directory and what is in it, with a model of a family.
    package init(family: EncoderFamily = .bert) throws {
        self.family = family
        path = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(path)/model", withIntermediateDirectories: true)
        let words =
            Self.names + Self.places + ["who", "lives", "in", "the", "town", "of", "where", "does", "live", ".", "?"]
        tokenizer = try Tokenizer(vocabulary: Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words))
        try tokenizer.save(to: "\(path)/model")
        try writeModel()
        try Self.dataset.write(to: "\(path)/train.json")
    }

    /// Options for a run into a directory of that name.
    package func options(_ name: String) -> TrainingOptions {
        var options = TrainingOptions(
            model: "\(path)/model", trainFile: "\(path)/train.json", outputDirectory: "\(path)/\(name)")
        options.features = FeatureOptions(maxLength: 32)
        options.batchSize = 4
        options.epochs = 2
        options.learningRate = 1e-3
        options.validationFraction = 0
        options.precision = .fp32
        options.device = .cpu
        return options
    }

    /// A file's bytes.
    package func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    /// The name of a run's newest checkpoint.
    package func newestCheckpoint(_ run: String) throws -> String? {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(run)/checkpoints").sorted().last
    }

    /// Puts a number that is not finite into the pretrained weights.
    package func poison() throws {
        try writeModel(damage: .bias)
    }

    /// Gives words embeddings that are finite and so large that nothing computed from them is.
    package func overload(_ words: [String]) throws {
        let rows = words.flatMap { tokenizer.tokenize($0).ids.map(Int.init) }
        try writeModel(damage: .embeddings(rows))
    }

    /// Makes the head's weights larger by that factor.
    package func widenHead(by factor: Double) throws {
        try writeModel(damage: .head(factor))
    }

    /// Takes dropout out of the model.
    package func withoutDropout() throws {
        try writeModel { ($0.hiddenDropout, $0.attentionDropout, $0.headDropout) = (0, 0, 0) }
    }

    /// Makes the model as large as it has to be for its memory to stand out, and the texts long.
    package func enlarge() throws {
        try writeModel { config in
            config.vocabSize = 20_000
            (config.hiddenSize, config.layerCount, config.headCount) = (256, 4, 4)
            (config.intermediateSize, config.maxPositionEmbeddings) = (1024, 256)
        }
        let town = Self.dataset.articles[0].paragraphs.map { paragraph in
            Paragraph(
                context: paragraph.context + String(repeating: " ada lives in rome.", count: 80),
                questions: paragraph.questions)
        }
        try Dataset(articles: [Article(title: "towns", paragraphs: town)]).write(to: "\(path)/train.json")
    }

    private enum Damage {
        case bias
        case embeddings([Int])
        case head(Double)
    }

    private static let names = ["ada", "bob", "cleo", "dan", "eve", "finn"]
    private static let places = ["rome", "oslo", "lima", "cairo", "paris", "delhi"]

    private static var dataset: Dataset {
        let paragraphs = zip(names, places).enumerated().map { index, pair in
            let context = "\(pair.0) lives in the town of \(pair.1)."
            let start = context.unicodeScalars.count - pair.1.unicodeScalars.count - 1
            return Paragraph(
                context: context,
                questions: [
                    Question(
                        id: "\(2 * index)", question: "where does \(pair.0) live?",
                        answers: [AnswerSpan(text: pair.1, start: start)]),
                    Question(
                        id: "\(2 * index + 1)", question: "who lives in \(pair.1)?",
                        answers: [AnswerSpan(text: pair.0, start: 0)]),
                ])
        }
        return Dataset(articles: [Article(title: "towns", paragraphs: paragraphs)])
    }

    /// The same texts with two questions more each, whose answers stand in another text: SQuAD 2.0.
    package static var version2: Dataset {
        var result = dataset
        result.version = "v2.0"
        let paragraphs = dataset.articles[0].paragraphs
        for index in paragraphs.indices {
            let known = paragraphs[index].questions.map { question in
                Question(
                    id: question.id, question: question.question, answers: question.answers, isImpossible: false,
                    plausibleAnswers: [])
            }
            let foreign = paragraphs[(index + 1) % paragraphs.count].questions.map { question in
                Question(
                    id: "foreign-\(question.id)", question: question.question, answers: [], isImpossible: true,
                    plausibleAnswers: [])
            }
            result.articles[0].paragraphs[index].questions = known + foreign
        }
        return result
    }

    private func writeModel(damage: Damage? = nil, shape: (inout EncoderConfig) -> Void = { _ in }) throws {
        let directory = "\(path)/model"
        var config = EncoderConfig(family: family)
        config.vocabSize = tokenizer.vocabulary.count
        config.hiddenSize = 32
        config.layerCount = 2
        config.headCount = 4
        config.intermediateSize = 64
        config.maxPositionEmbeddings = 64 + config.positions.first
        if family == .electra { config.embeddingSize = 16 }
        shape(&config)
        var all: [(name: String, tensor: Tensor)] = []
        for (index, parameter) in ModelParameters.shapes(config).enumerated() {
            var tensor: Tensor =
                if ModelParameters.isNorm(parameter.key), parameter.key.hasSuffix(".weight") {
                    try Tensor.full(parameter.shape, value: 1)
                } else {
                    try Tensor.normal(parameter.shape, standardDeviation: 0.05, seed: UInt64(index))
                }
            switch (damage, parameter.key) {
            case (.bias, "bert.encoder.layer.1.output.dense.bias"):
                tensor = try Tensor.full(parameter.shape, value: .nan)
            case (.embeddings(let rows), "bert.embeddings.word_embeddings.weight"):
                var values: [Float] = try tensor.array()
                for row in rows {
                    for column in 0..<config.hiddenSize { values[row * config.hiddenSize + column] = 1e38 }
                }
                tensor = try Tensor.of(values, shape: parameter.shape)
            case (.head(let factor), "qa_outputs.weight"): tensor = try tensor * factor
            default: break
            }
            all.append((parameter.key, tensor))
        }
        let model = try QuestionAnsweringModel(config: config, parameters: Parameters(all), precision: .fp32)
        try config.write(toDirectory: directory)
        try model.writeWeights(to: "\(directory)/model.safetensors")
    }
}

/// Runs `body` with a workshop that is removed afterwards.
package func withWorkshop(family: EncoderFamily = .bert, _ body: (Workshop) throws -> Void) throws {
    let shop = try Workshop(family: family)
    let result = Result { try body(shop) }
    try FileManager.default.removeItem(atPath: shop.path)
    try result.get()
}
