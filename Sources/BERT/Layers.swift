import Torch

// Legend: T tokens in all rows of the batch, H hidden size, I input size, O output size, V table size.

/// x Wᵀ + b.
public struct Linear {
    let weight: Tensor  // [O, I]
    let bias: Tensor  // [O]
    let operands: DType

    init(_ scope: ParameterScope) throws(ModelError) {
        weight = try scope["weight"].tensor()
        bias = try scope["bias"].tensor()
        operands = scope.precision.operands(weight: weight.dtype)
    }

    /// [T, I] to [T, O], in the element type of the operands.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.to(operands).linear(weight: weight.to(operands), bias: bias.to(operands))
    }
}

/// A table of vectors, one for each id.
public struct Embedding {
    let weight: Tensor  // [V, H]

    init(_ scope: ParameterScope) throws(ModelError) {
        weight = try scope["weight"].tensor()
    }

    /// [T] to [T, H].
    public func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor {
        try weight.embedding(ids)
    }
}

/// Normalisation of each token's vector to mean 0 and variance 1, then scale and shift.
public struct LayerNorm {
    let weight: Tensor  // [H]
    let bias: Tensor  // [H]
    let epsilon: Double

    init(_ scope: ParameterScope, epsilon: Double) throws(ModelError) {
        weight = try scope["weight"].tensor()
        bias = try scope["bias"].tensor()
        self.epsilon = epsilon
    }

    /// [T, H] to [T, H], in the element type of the parameters.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.to(weight.dtype).layerNorm(weight: weight, bias: bias, epsilon: epsilon)
    }
}
