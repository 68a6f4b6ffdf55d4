import Torch

// Legend: T tokens in all rows of the batch, H hidden size, I input size, O output size, V table size.

/// x Wᵀ + b.
public struct Linear {
    let weight: Tensor  // [O, I]
    let bias: Tensor  // [O]
    let operands: DType
    let quantized: QuantizedWeight?

    /// What a layer multiplies: made once where several layers read the same.
    public enum Operand {
        /// Numbers in the element type of the operands, [T, I].
        case plain(Tensor)
        /// The same as bytes.
        case bytes(QuantizedActivations)
    }

    /// What is done to a layer's output.
    public enum Activation {
        /// Nothing.
        case none
        /// GELU by the error function.
        case gelu
    }

    init(_ scope: ParameterScope) throws(ModelError) {
        weight = try scope["weight"].tensor()
        bias = try scope["bias"].tensor()
        operands = scope.precision.operands(weight: weight.dtype)
        do {
            quantized = scope.precision == .int8 ? try QuantizedWeight(weight) : nil
        } catch {
            throw ModelError(path: scope.path, kind: .mismatch, message: "\(error)")
        }
    }

    /// What this layer multiplies of [T, I].
    public func operand(_ x: Tensor) throws(TorchError) -> Operand {
        quantized == nil ? .plain(try x.to(operands)) : .bytes(try QuantizedActivations(x))
    }

    /// [T, I] to [T, O].
    ///
    /// - Parameter attended: whether attention reads the output, which int8 then gives as bfloat16 where the CPU multiplies
    ///   that; otherwise the output has the element type of the operands.
    public func callAsFunction(
        _ x: Operand, activation: Activation = .none, attended: Bool = false
    ) throws(TorchError) -> Tensor {
        switch (x, quantized) {
        case (.bytes(let x), let quantized?):
            let dtype: DType = attended && Runtime.cpuMultipliesBFloat16 ? .bfloat16 : .float32
            return try quantized.linear(x, bias: bias, gelu: activation == .gelu, dtype: dtype)
        case (.plain(let x), _):
            let y = try x.linear(weight: weight.to(operands), bias: bias.to(operands))
            return activation == .gelu ? try y.gelu() : y
        case (.bytes, nil): preconditionFailure("bytes were made for a layer that multiplies none")
        }
    }

    /// [T, I] to [T, O], in the element type of the operands.
    public func callAsFunction(_ x: Tensor, activation: Activation = .none) throws(TorchError) -> Tensor {
        try self(operand(x), activation: activation)
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
