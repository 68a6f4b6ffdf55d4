import BERT
import Torch

/// The memory that a process has at its peak, and what it is made of.
public struct MemoryEstimate: Sendable, Hashable {
    /// The program, libtorch and what it keeps for itself; on a GPU its driver's context.
    public let program: Int
    /// Weights; in training moments and gradients as well.
    public let parameters: Int
    /// What operations keep for the backward pass and what they work in, as far as it is not in the room of gradients that
    /// are not there yet.
    public let activations: Int
    /// Room that the allocator cannot use: blocks of one kind fit badly into the holes that those of another leave.
    public let slack: Int

    /// The sum.
    public var total: MemorySize { MemorySize(bytes: program + parameters + activations + slack) }
}

/// The peak of the memory of a training run and of a process that reads, from the model's shape and the largest batch.
///
/// What is kept for the backward pass is counted from the operations (`Sources/CTorch/Kernels`); what libraries and the
/// allocator add is measured: docs/planning.md has both beside each other, and docs/decisions/0024-memory-model.md says how
/// the constants were found.
///
/// Legend: T tokens of the batch with its filler, H hidden size, I intermediate size, N heads, P parameters.
public struct MemoryModel: Sendable {
    private let config: BertConfig
    private let precision: Precision
    private let device: Device
    private let threads: Int
    private let stored: DType

    /// - Parameters:
    ///   - precision: what matrix products compute in; training knows fp32 and bf16.
    ///   - threads: those of the CPU, each of which has a workspace.
    ///   - stored: what the model's file keeps its weights in.
    public init(
        config: BertConfig, precision: Precision, device: Device, threads: Int, stored: DType = .float32
    ) {
        (self.config, self.precision, self.device, self.threads) = (config, precision, device, threads)
        self.stored = stored
    }

    /// The peak of a training run whose largest batch is given, the saving of checkpoints included.
    public func training(_ batch: PlannedBatch, checkpointing: Bool) -> MemoryEstimate {
        let parameters = 4 * parameterCount  // float32, whatever the precision of products
        let live = activations(batch, checkpointing: checkpointing)
        let holes = Int(Measured.overlap * Double(min(live, parameters)))
        return MemoryEstimate(
            program: program + compiled(batch, Measured.perShape + Measured.perShapeToken * batch.tokens),
            parameters: 4 * parameters,
            activations: max(0, live - parameters),
            slack: device == .cpu ? holes : live / 10)
    }

    /// The peak of a process that reads batches, the largest of which is given, and records nothing.
    public func reading(_ batch: PlannedBatch) -> MemoryEstimate {
        let live = Double(batch.filledTokens * readingPerToken) + Double(workspace(batch))
        return MemoryEstimate(
            program: (device == .cpu ? Measured.readingProgram : program) + compiled(batch, Measured.perShapeRead),
            parameters: readingParameters,
            activations: Int(live), slack: Int((device == .cpu ? Measured.reading : 0.1) * live))
    }
}

// MARK: - Parameters

extension MemoryModel {
    private var parameterCount: Int { Self.count(BertParameters.shapes(config)) }

    /// Parameters of one layer.
    private var layerCount: Int {
        Self.count(BertParameters.shapes(config).filter { $0.key.hasPrefix("bert.encoder.layer.0.") })
    }

    /// Weights of the products of one layer, which bf16 keeps a rounded copy of.
    private var layerMatrices: Int {
        4 * config.hiddenSize * config.hiddenSize + 2 * config.hiddenSize * config.intermediateSize
    }

    /// Weights for reading: the mapped file, and copies of the layers' matrices where they are multiplied in another type.
    private var readingParameters: Int {
        let matrices = config.layerCount * layerMatrices
        let file = stored.byteCount * parameterCount
        switch precision {
        case .fp32: return file + (stored == .float32 ? 0 : 4 * matrices)
        case .bf16: return file + (stored == .bfloat16 ? 0 : 2 * matrices)
        case .int8: return file + (stored == .float32 ? matrices : 5 * matrices)
        }
    }

    private static func count(_ shapes: [BertParameters.Shape]) -> Int {
        shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
}

// MARK: - Activations

extension MemoryModel {
    /// Bytes of an operand's element.
    private var element: Int { precision == .fp32 ? 4 : 2 }

    /// What is there besides weights and moments when there is most of it: at the beginning of the backward pass or, where
    /// gradients take more than what is given back for them, at its end.
    private func activations(_ batch: PlannedBatch, checkpointing: Bool) -> Int {
        let tokens = batch.filledTokens
        let copies = precision == .fp32 ? 0 : 2 * layerMatrices
        let layer = tokens * keptPerToken + keptOfPairs(batch) + copies
        let gradients = 4 * layerCount
        let inside = outsideLayers(tokens) + passing(tokens) + workspace(batch)
        // Going back through the layers, what was kept of them shrinks and their gradients grow.
        let first: Int
        let last: Int
        if checkpointing {
            let state = 4 * config.hiddenSize * tokens
            first = config.layerCount * state + layer
            last = state + layer + (config.layerCount - 1) * gradients
        } else {
            first = config.layerCount * layer
            last = layer + (config.layerCount - 1) * gradients
        }
        return max(first, last) + inside
    }

    /// Bytes a token that a layer keeps: its operations' operands and what normalisation needs.
    private var keptPerToken: Int {
        let (hidden, inner, heads) = (config.hiddenSize, config.intermediateSize, config.headCount)
        // The operands of all six products, and GELU's.
        let operands = element * (6 * hidden + 2 * inner)
        if device == .cpu {
            // Two normalised sums with a factor a token, and attention's log-sum-exps.
            return operands + 2 * (4 * hidden + 4) + 4 * heads
        }
        // libtorch's norm keeps its input, dropout its mask.
        return operands + 2 * (8 * hidden + 8)
    }

    /// Bytes of a layer for pairs of tokens: the kernel keeps none, plain operations keep softmax, mask and their product.
    private func keptOfPairs(_ batch: PlannedBatch) -> Int {
        device == .cpu ? 0 : 3 * element * config.headCount * batch.squares
    }

    /// What embeddings and head keep, ids included.
    private func outsideLayers(_ tokens: Int) -> Int {
        tokens * (4 * config.hiddenSize + element * config.hiddenSize + 24 + 4 * config.hiddenSize + 16)
    }

    /// The gradients on their way back through one layer.
    private func passing(_ tokens: Int) -> Int {
        let (hidden, inner) = (config.hiddenSize, config.intermediateSize)
        let gradients = tokens * (8 * hidden + element * (hidden + 2 * inner))
        // The largest weight's gradient, with bf16 in both types. oneDNN's float32 products take copies of what they
        // multiply and give (`Kernels/Linear.cpp`).
        return precision == .fp32
            ? gradients + tokens * (4 * hidden + 8 * inner) + 8 * hidden * inner : gradients + 6 * hidden * inner
    }

    /// A layer's own, which nothing keeps: states before and after attention, and the feed-forward part.
    private var readingPerToken: Int {
        let (hidden, inner) = (config.hiddenSize, config.intermediateSize)
        return precision == .bf16 ? 12 * hidden + 4 * inner : 8 * hidden + 8 * inner
    }

    /// What attention's kernel works in: packed operands of the longest row, for each thread.
    private func workspace(_ batch: PlannedBatch) -> Int {
        guard device == .cpu else { return 0 }
        return 4 * threads * batch.longest * (11 * config.headSize + 6 * 48)
    }

    /// The products that oneDNN has compiled for batches of other numbers of tokens, and keeps (decision 13); the first
    /// number's are in the program.
    private func compiled(_ batch: PlannedBatch, _ bytes: Int) -> Int {
        guard device == .cpu, batch.shapes > 1 else { return 0 }
        return bytes * (min(batch.shapes, Measured.mostShapes) - 1) + Measured.realRows
    }

    private var program: Int {
        switch device {
        case .cpu: Measured.program
        case .cuda: Measured.cudaContext
        case .mps: Measured.program
        }
    }
}

/// What cannot be counted: found by measuring, on the CPU (docs/decisions/0024-memory-model.md).
private enum Measured {
    /// A training process besides what is counted: the program, libtorch, what saving works in.
    static let program = 263 << 20
    /// The same of a process that reads.
    static let readingProgram = 150 << 20
    /// What oneDNN's products of one more number of tokens take in training, whatever the model's size.
    static let perShape = 21 << 19
    /// And for each token of the batch.
    static let perShapeToken = 1800
    /// What real rows bring with them: the dataset, and passes of a validation.
    static let realRows = 45 << 20
    /// The same in reading, which has a third of the products.
    static let perShapeRead = 4 << 20
    /// Numbers of tokens after which oneDNN, which keeps 1,024 products, forgets the oldest.
    static let mostShapes = 85
    /// Of gradients and activations that could take turns in the same room, the share that doesn't.
    static let overlap = 0.53
    /// What reading takes beyond a layer's own tensors, as a share of them: products' workspaces, and holes in the heap.
    static let reading = 1.15
    /// A CUDA context with cuBLAS's workspace: assumed, not measured.
    static let cudaContext = 700 << 20
}
