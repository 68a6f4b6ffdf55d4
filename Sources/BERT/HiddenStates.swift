import Torch

/// The hidden states between two parts of the model, [T, H].
package struct HiddenStates {
    /// The states.
    package let full: Tensor
    /// The same as the linear layers that read them multiply it: rounded once where several layers read it.
    let operand: Linear.Operand

    /// States, float32 [T, H], with what products in a precision read of them.
    package init(_ full: Tensor, precision: Precision) throws(TorchError) {
        self.full = full
        operand = try Linear.Operand(full, precision: precision)
    }

    init(full: Tensor, operand: Linear.Operand) {
        self.full = full
        self.operand = operand
    }

    /// The residual connection: what `LayerNorm` normalises.
    static func + (states: HiddenStates, output: SublayerOutput) -> ResidualSum {
        ResidualSum(states: states, output: output)
    }
}

/// What attention or the feed-forward network adds to the states.
///
/// Its bias and its dropout are not applied yet: `LayerNorm` does that, the residual sum and the norm in one pass over
/// memory.
struct SublayerOutput {
    let product: Tensor  // [T, H]
    let bias: Tensor?  // [H]; nil where the product includes it
    let dropout: Dropout
    let rows: PackedRows
}

/// States and what is to be added to them.
struct ResidualSum {
    let states: HiddenStates
    let output: SublayerOutput
}
