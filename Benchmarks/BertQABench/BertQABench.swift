import ArgumentParser
import BERT
import Foundation
import QuestionAnswering
import SQuAD
import Torch
import Tokenizers

/// Measurements that no command of `bertqa` makes; Benchmarks/run.py calls them. Each prints one JSON object.
@main
struct BertQABench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bertqa-bench", abstract: "Measures parts of BertQA.",
        subcommands: [Products.self, Step.self, Featurise.self, Count.self])
}

extension Precision: ExpressibleByArgument {}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .seconds(1)
}

/// The rate of the machine's matrix products: the best library's, in the shapes that the model has.
struct Products: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "GFLOP/s of the linear layers' products alone.")
    @Option var model: String
    @Option var precision: Precision
    @Option var tokens = 2560

    func run() throws {
        Runtime.tuneAllocator()
        let config = try ModelDirectory(path: model).config
        let (hidden, wide) = (config.hiddenSize, config.intermediateSize)
        var operations = 0.0
        var time = 0.0
        for (inputs, outputs, times) in [(hidden, hidden, 4), (hidden, wide, 1), (wide, hidden, 1)] {
            let dtype: DType = precision == .bf16 ? .bfloat16 : .float32
            let x = try Tensor.normal([tokens, inputs], standardDeviation: 1, seed: 1).to(dtype)
            let weight = try Tensor.normal([outputs, inputs], standardDeviation: 1, seed: 2).to(dtype)
            let spent = try (0..<30).map { _ in
                try seconds { _ = try withoutGradients { try x.linear(weight: weight, bias: nil) } }
            }
            operations += Double(2 * tokens * inputs * outputs * times)
            // The median: a step is long, and has the machine's usual speed, not its best.
            time += spent.sorted()[spent.count / 2] * Double(times)
        }
        let each = 12 * config.layerCount * hidden
        print(
            """
            {"gflops": \(operations / time / 1e9), "training_flops_per_token": \
            \(config.layerCount * (4 * hidden * hidden + 2 * hidden * wide) * 6), \
            "attention_flops_per_token_and_length": \(each)}
            """)
    }
}

/// One training step, or one pass without gradients, over a batch of rows of one length.
struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Seconds of one step over a batch of rows of one length.")
    @Option var model: String
    @Option var precision: Precision
    @Option var length: Int
    @Option var batch: Int
    @Option var steps = 5
    @Flag var predict = false
    @Flag var gradientCheckpointing = false

    func run() throws {
        Runtime.tuneAllocator()
        let model = try QuestionAnsweringModel(
            directory: ModelDirectory(path: model), use: predict ? .inference : .training, precision: precision)
        let input = try EncoderInput(
            ids: (0..<Int64(length * batch)).map { 1000 + $0 * 7919 % 20000 },
            typeIDs: [Int64](repeating: 1, count: length * batch),
            lengths: [Int](repeating: length, count: batch))
        let step = predict ? try reading(model, input) : try training(model, input)
        try step(0)
        let times = try (1...steps).map { number in try seconds { try step(number) } }
        print(#"{"seconds": \#(times.sorted()[steps / 2]), "tokens": \#(length * batch)}"#)
    }

    private func reading(_ model: QuestionAnsweringModel, _ input: EncoderInput) throws -> (Int) throws -> Void {
        { _ in _ = try withoutGradients { () throws(TorchError) in try model(input).array(of: Float.self) } }
    }

    private func training(_ model: QuestionAnsweringModel, _ input: EncoderInput) throws -> (Int) throws -> Void {
        let optimizer = try AdamW(parameters: model.parameters.all, decays: ModelParameters.decays)
        let targets = try Tensor.of(
            (0..<batch).flatMap { _ in [Int64(length / 3), Int64(length / 2)] }, shape: [batch, 2])
        return { number in
            let dropout = DropoutSource(config: model.config, seed: 42, step: number)
            try optimizer.clearGradients()
            let loss = try model.loss(
                input, targets: targets, rowDivisor: Double(batch), dropout: dropout,
                checkpointing: gradientCheckpointing)
            try loss.backward()
            _ = try optimizer.clipGradients(maxNorm: 1)
            try optimizer.update(learningRate: 1e-5)
        }
    }
}

/// Reading a SQuAD file and making labelled rows of it, on all cores.
struct Featurise: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Questions a second from a SQuAD file to labelled rows.")
    @Option var model: String
    @Option var data: String

    func run() throws {
        let tokenizer = try Tokenizer(directory: model)
        var count = 0
        let time = try seconds {
            let examples = try Dataset(path: data).examples()
            let builder = FeatureBuilder(tokenizer: tokenizer, options: FeatureOptions(maxLength: 384))
            count = builder.build(examples, labelled: true).features.count
        }
        print(#"{"rate": \#(Double(count) / time), "rows": \#(count), "seconds": \#(time)}"#)
    }
}
