import BERT
import Torch

/// The memory that a process has at its peak, and what it is made of.
package struct MemoryEstimate: Sendable, Hashable {
    /// The program, libtorch and what it keeps for itself; on a GPU its driver's context.
    package let program: Int
    /// Weights; in training moments and gradients as well.
    package let parameters: Int
    /// What operations keep for the backward pass and what they work in, as far as it is not in the room of gradients
    /// that are not there yet; the embeddings' gradient in the making.
    package let activations: Int
    /// Room that the allocator cannot use: blocks of one kind fit badly into the holes that those of another leave.
    package let slack: Int

    /// The sum.
    package var total: MemorySize { MemorySize(bytes: program + parameters + activations + slack) }
}

/// The peak of the memory of a training run and of a process that reads, from the model's shape and the largest batch.
///
/// What is kept for the backward pass is counted from the operations (`Sources/CTorch/Kernels`); what libraries and the
/// allocator add is measured: docs/lab/planning.md has both beside each other, and docs/decisions/0024-memory-model.md
/// says how the constants were found.
///
/// Legend: T tokens of the batch with its filler, H hidden size, I intermediate size, N heads, P parameters.
package struct MemoryModel: Sendable {
    private let config: EncoderConfig
    private let precision: Precision
    private let device: Device
    private let threads: Int
    private let stored: DType
    private let mapped: Int
    private let graphs: Bool

    /// - Parameters:
    ///   - precision: what matrix products compute in; training knows all but int8.
    ///   - threads: those of the CPU, each of which has a workspace.
    ///   - stored: what the model's file keeps its weights in.
    ///   - mapped: bytes that the program has in memory before it does anything, mostly libtorch's own:
    ///     several times as many where it was built for CUDA.
    ///   - graphs: whether passes are recorded as CUDA graphs.
    package init(
        config: EncoderConfig, precision: Precision, device: Device, threads: Int, stored: DType = .float32,
        mapped: Int,
        graphs: Bool = false
    ) {
        (self.config, self.precision, self.device, self.threads) = (config, precision, device, threads)
        (self.stored, self.mapped, self.graphs) = (stored, mapped, graphs)
    }

    /// The peak of a training run whose largest batch is given, the saving of checkpoints included.
    ///
    /// Weights and moments are there all the time. The most besides is either what layers keep, when the backward pass
    /// begins, or the gradients with what the embeddings' take, when it ends.
    package func training(_ batch: PlannedBatch, checkpointing: Bool) -> MemoryEstimate {
        let parameters = 4 * parameterCount  // float32, whatever the precision of products
        let (kept, passing) = (kept(batch, checkpointing: checkpointing), passing(batch))
        let embeddings = 4 * config.vocabSize * config.embeddingSize
        let end =
            parameters + Int(Measured.embeddings * Double(embeddings)) + Int(Measured.atEnd * Double(passing))
        let live = max(kept + passing, end)
        let share = precision == .fp32 ? Measured.holes : Measured.holesOfBFloat16
        let holes = checkpointing ? 0 : Int(share * Double(min(kept, parameters)))
        return MemoryEstimate(
            program: program + compiled(batch, Measured.perShape),
            parameters: 4 * parameters, activations: live - parameters + pool(live),
            slack: device == .cpu ? holes : live / 10)
    }

    /// The peak of a process that reads batches, the largest of which is given, and records nothing.
    package func reading(_ batch: PlannedBatch) -> MemoryEstimate {
        let live = Double(batch.filledTokens * readingPerToken) + Double(workspace(batch))
        return MemoryEstimate(
            program: (device == .cpu ? mapped + Measured.readingProgram : program)
                + compiled(batch, Measured.perShapeRead),
            parameters: readingParameters,
            activations: Int(live) + pool(Int(live)), slack: Int((device == .cpu ? Measured.reading : 0.1) * live))
    }
}

// MARK: - Graphs

extension MemoryModel {
    /// The memory that graphs share, as large as the largest of them needs: a pass of a form that is not recorded yet
    /// takes as much beside it.
    private func pool(_ live: Int) -> Int { graphs && device == .cuda ? live : 0 }
}

// MARK: - Parameters

extension MemoryModel {
    private var parameterCount: Int { Self.count(ModelParameters.shapes(config)) }

    /// Weights of the products of one layer, which bf16 keeps a rounded copy of.
    private var layerMatrices: Int {
        4 * config.hiddenSize * config.hiddenSize + 2 * config.hiddenSize * config.intermediateSize
    }

    /// Weights for reading: the mapped file, and copies of the layers' matrices where they are multiplied in another
    /// type or layout. Of what was copied the file's pages go.
    private var readingParameters: Int {
        let matrices = config.layerCount * layerMatrices
        let file = stored.byteCount * parameterCount
        let rest = file - stored.byteCount * matrices
        switch precision {
        case .fp32: return file + (stored == .float32 ? 0 : 4 * matrices)
        case .bf16:
            if PackedWeight.isAvailable { return rest + 2 * matrices }
            return file + (stored == .bfloat16 ? 0 : 2 * matrices)
        case .fp16: return file + (stored == .float16 ? 0 : 2 * matrices)
        case .int8: return rest + (stored == .float32 ? matrices : 5 * matrices)
        }
    }

    private static func count(_ shapes: [ModelParameters.Shape]) -> Int {
        shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
}

// MARK: - Activations

extension MemoryModel {
    /// Bytes of an operand's element.
    private var element: Int { precision == .fp32 ? 4 : 2 }

    /// What layers keep for the backward pass when it begins, or while the one layer that has it with checkpointing
    /// goes back.
    private func kept(_ batch: PlannedBatch, checkpointing: Bool) -> Int {
        let copies = precision == .fp32 ? 0 : 2 * layerMatrices
        let layer = batch.filledTokens * keptPerToken + keptOfPairs(batch) + copies
        if checkpointing {
            let states = 4 * config.hiddenSize * batch.filledTokens
            return config.layerCount * (states + keptOfAttention(batch)) + layer
        }
        return config.layerCount * layer
    }

    /// What a layer that runs again keeps of attention besides: recorded passes cannot draw its masks again.
    private func keptOfAttention(_ batch: PlannedBatch) -> Int {
        guard graphs, device == .cuda, config.attentionDropout > 0 else { return 0 }
        // Flash attention's result and log-sum-exps; the mask of padded scores in fp32.
        return precision == .fp32
            ? config.headCount * batch.squares
            : batch.filledTokens * (element * config.hiddenSize + 4 * config.headCount)
    }

    /// What embeddings and head keep, and what a layer's backward pass works in.
    private func passing(_ batch: PlannedBatch) -> Int {
        outsideLayers(batch.filledTokens) + passing(batch.filledTokens) + workspace(batch)
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

    /// Bytes of a layer for pairs of tokens: the kernel keeps none, plain operations keep softmax, mask and their
    /// product.
    private func keptOfPairs(_ batch: PlannedBatch) -> Int {
        device == .cpu ? 0 : 3 * element * config.headCount * batch.squares
    }

    /// What embeddings and head keep, ids included.
    private func outsideLayers(_ tokens: Int) -> Int {
        let hidden = config.hiddenSize
        // Embeddings that are widened are kept for that product, dropout before the head what the head multiplies.
        let widened = config.widensEmbeddings ? 4 * config.embeddingSize : 0
        let dropped = config.headDropout > 0 ? 4 * hidden : 0
        return tokens * (4 * hidden + element * hidden + 24 + 4 * hidden + 16 + widened + dropped)
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
        return precision == .bf16 || precision == .fp16 ? 12 * hidden + 4 * inner : 8 * hidden + 8 * inner
    }

    /// What attention's kernel works in: packed operands of the longest row, for each thread.
    private func workspace(_ batch: PlannedBatch) -> Int {
        guard device == .cpu else { return 0 }
        return 4 * threads * batch.longest * (11 * config.headSize + 6 * 48)
    }

    /// The products that oneDNN has compiled for batches of other numbers of tokens, and keeps (decision 13); the first
    /// number's are in the program.
    private func compiled(_ batch: PlannedBatch, _ bytes: Int) -> Int {
        guard device == .cpu else { return 0 }
        return bytes * (min(batch.shapes, Measured.mostShapes) - 1)
    }

    private var program: Int {
        switch device {
        case .cpu, .mps: mapped + Measured.program
        case .cuda: Measured.cudaContext
        }
    }
}

/// What cannot be counted: found by measuring, on the CPU (docs/decisions/0024-memory-model.md).
private enum Measured {
    /// A training process besides what is counted and what it begins with: what libraries set up, what saving works in.
    static let program = 74 << 20
    /// The same of a process that reads.
    static let readingProgram = 19 << 20
    /// What oneDNN's products of one more number of tokens take in training, whatever the model's size.
    static let perShape = 21 << 19
    /// The same in reading, which has a third of the products.
    static let perShapeRead = 4 << 20
    /// Numbers of tokens after which oneDNN, which keeps 1,024 products, forgets the oldest.
    static let mostShapes = 85
    /// When the backward pass ends: matrices of the word embeddings' size besides their gradient.
    static let embeddings = 2.95
    /// And the share of what a layer's backward pass works in that does not fit between the gradients.
    static let atEnd = 0.43
    /// What gradients that are rounded first leave between the activations, as a share of the smaller of both.
    static let holesOfBFloat16 = 0.48
    /// The same where they are not rounded.
    static let holes = 0.06
    /// What reading takes beyond a layer's own tensors, as a share of them: products' workspaces.
    static let reading = 0.17
    /// A CUDA context with cuBLAS's workspace: assumed, not measured.
    static let cudaContext = 700 << 20
}
