import ArgumentParser
import QuestionAnswering
import SQuAD
import Tokenizers
import Torch

/// Runs hot paths, each once to warm up and once more in `countedInstructions`, which callgrind is told to look at: the
/// tests compare the counts with those in the repository. Shapes and numbers are fixed, and one thread does it all.
struct Count: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs hot paths for a tool that counts instructions.")
    @Argument(help: "Which, in this order; all if none is named.") var paths = HotPath.allCases
    @Option(help: "The tokenizer of the rows.") var model: String
    @Option(help: "The SQuAD file of the rows.") var data: String

    func run() throws {
        try Runtime.setThreads(1)
        for path in paths {
            let body = try path.prepared(model: model, data: data)
            try body()
            try countedInstructions(body)
        }
    }
}

/// The name that callgrind is told to look at; nothing inside `body` may have it too, or counting would stop there.
@inline(never)
func countedInstructions(_ body: () throws -> Void) rethrows { try body() }

/// What users wait for, besides libtorch's own operations.
enum HotPath: String, CaseIterable, ExpressibleByArgument {
    /// A SQuAD file to labelled rows.
    case featurise
    /// Logits of 384 tokens to their twenty best spans, for 64 rows.
    case decode
    /// Attention over four rows of 96 tokens, twelve heads of 32.
    case attend
    /// The same with dropout, forward and backward.
    case attendBackward
    /// Bias, GELU, bias, dropout, residual and layer norm of 384 tokens, forward and backward.
    case fuse
    /// Float32 activations to bytes, [384, 1536].
    case quantise
    /// Clipping and AdamW of a million parameters.
    case optimise

    /// What is to be counted, with everything that it needs at hand.
    func prepared(model: String, data: String) throws -> () throws -> Void {
        switch self {
        case .featurise: try CountedPaths.featurise(model: model, data: data)
        case .decode: try CountedPaths.decode()
        case .attend: try CountedPaths.attend()
        case .attendBackward: try CountedPaths.attendBackward()
        case .fuse: try CountedPaths.fuse()
        case .quantise: try CountedPaths.quantise()
        case .optimise: try CountedPaths.optimise()
        }
    }
}

/// The paths by the names of their functions, which whoever reads the counts looks for.
enum CountedPaths {
    private static let rows = [96, 96, 96, 96]

    static func featurise(model: String, data: String) throws -> () throws -> Void {
        let builder = FeatureBuilder(
            tokenizer: try Tokenizer(directory: model), options: FeatureOptions(maxLength: 384))
        return {
            // One paragraph at a time stays on this thread.
            for (number, text) in try Dataset(path: data).articles.flatMap(\.paragraphs).enumerated() {
                _ = builder.build(text.examples(paragraph: number), labelled: true)
            }
        }
    }

    static func decode() throws -> () throws -> Void {
        let logits = try Tensor.normal([64 * 384, 2], standardDeviation: 3, seed: 1).array(of: Float.self)
        let decoder = SpanDecoder()
        return {
            for row in 0..<64 {
                _ = decoder.best(20, logits: logits[(row * 768)..<((row + 1) * 768)], context: 20..<380)
            }
        }
    }

    static func attend() throws -> () throws -> Void {
        let rows = try PackedRows(lengths: rows)
        let operands = try normals(3)
        return { _ = try attention(operands, rows, dropout: .none) }
    }

    static func attendBackward() throws -> () throws -> Void {
        let rows = try PackedRows(lengths: rows)
        let operands = try normals(3)
        for operand in operands { try operand.setRequiresGradient(true) }
        let upstream = try normals(4)[3]
        return {
            try attention(operands, rows, dropout: Dropout(probability: 0.1, seed: 5)).backward(gradient: upstream)
        }
    }

    static func fuse() throws -> () throws -> Void {
        let rows = try PackedRows(lengths: rows)
        let operands = try normals(2)
        let bias = try Tensor.normal([384], standardDeviation: 1, seed: 3)
        let norm = NormParameters(scale: bias, shift: bias, epsilon: 1e-12)
        for leaf in operands + [bias] { try leaf.setRequiresGradient(true) }
        return {
            let sum = try operands[0].biasGelu(bias).addNorm(
                bias: bias, residual: operands[1], norm: norm, dropout: Dropout(probability: 0.1, seed: 5),
                rows: rows, rounded: false)
            try sum.full.backward(gradient: operands[1])
        }
    }

    static func quantise() throws -> () throws -> Void {
        let x = try Tensor.normal([384, 1536], standardDeviation: 1, seed: 1)
        return { _ = try QuantizedActivations(x) }
    }

    static func optimise() throws -> () throws -> Void {
        let parameters = try (1...4).map { try Tensor.normal([512, 512], standardDeviation: 1, seed: $0) }
        for parameter in parameters {
            try parameter.setRequiresGradient(true)
            try parameter.backward(gradient: parameter)
        }
        let optimizer = try AdamW(parameters: parameters.map { ("weight", $0) }, decays: { _ in true })
        return {
            _ = try optimizer.clipGradients(maxNorm: 1)
            try optimizer.update(learningRate: 1e-5)
        }
    }

    private static func normals(_ count: Int) throws -> [Tensor] {
        try (1...count).map { try Tensor.normal([384, 384], standardDeviation: 1, seed: UInt64($0)) }
    }

    private static func attention(_ operands: [Tensor], _ rows: PackedRows, dropout: Dropout) throws -> Tensor {
        try operands[0].packedAttention(keys: operands[1], values: operands[2], rows: rows, heads: 12, dropout: dropout)
    }
}
