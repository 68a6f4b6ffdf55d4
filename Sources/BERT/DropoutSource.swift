import Torch

/// The source of the dropout masks of one forward pass. They depend on (seed, step) and the row only; on CUDA also on
/// the row's place in the batch.
package struct DropoutSource: Sendable, Hashable {
    /// Probability in the hidden states.
    package let hidden: Double
    /// Probability in the attention weights.
    package let attention: Double
    /// Probability in what the head reads.
    package let head: Double
    private let seed: UInt64

    /// The masks of step `step` of the run with that seed.
    package init(config: EncoderConfig, seed: UInt64, step: Int) {
        hidden = config.hiddenDropout
        attention = config.attentionDropout
        head = config.headDropout
        self.seed = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: step) &* 0xD1B5_4A32_D192_ED03
    }

    /// No dropout, as in evaluation.
    package static let none = DropoutSource()

    private init() {
        hidden = 0
        attention = 0
        head = 0
        seed = 0
    }

    /// The one seed of a pass whose masks are drawn one after another (`Device.drawing`): of this step, and of the row
    /// that is the first of the pass.
    package func passSeed(firstRow: Int) -> UInt64 {
        seed &+ (1 &+ UInt64(truncatingIfNeeded: firstRow)) &* 0xBF58_476D_1CE4_E5B9
    }

    /// A place in the model that has dropout; each has its own masks.
    enum Site {
        case embeddings
        case attentionWeights(layer: Int)
        case attentionOutput(layer: Int)
        case output(layer: Int)
        case head

        var number: UInt64 {
            switch self {
            case .embeddings: 0
            case .attentionWeights(let layer): UInt64(3 * layer + 1)
            case .attentionOutput(let layer): UInt64(3 * layer + 2)
            case .output(let layer): UInt64(3 * layer + 3)
            // Beyond the places of all layers that a model can have.
            case .head: 1 << 32
            }
        }
    }

    func dropout(at site: Site) -> Dropout {
        let probability =
            switch site {
            case .attentionWeights: attention
            case .head: head
            default: hidden
            }
        return Dropout(probability: probability, seed: seed &+ site.number &* 0xA24B_AED4_963E_E407)
    }
}
