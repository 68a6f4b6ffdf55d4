import Torch

// Legend: T tokens in all rows of the batch, H hidden size, I input size, O output size, V table size.

/// x Wᵀ + b.
package struct Linear {
    let weight: Tensor  // [O, I]
    let bias: Tensor  // [O]
    let precision: Precision
    let quantized: QuantizedWeight?
    /// The weight in the products' layout, for models that only read.
    let packed: PackedWeight?

    /// What a layer multiplies: made once where several layers read the same.
    package enum Operand {
        /// Numbers in the element type of the operands, [T, I].
        case plain(Tensor)
        /// The same as bytes.
        case bytes(QuantizedActivations)

        init(_ x: Tensor, precision: Precision) throws(TorchError) {
            self =
                switch precision {
                case .int8: .bytes(try QuantizedActivations(x))
                case .bf16: .plain(try x.to(.bfloat16))
                case .fp32: .plain(x)
                }
        }
    }

    init(_ scope: ParameterScope) throws(ModelError) {
        weight = try scope["weight"].tensor()
        bias = try scope["bias"].tensor()
        precision = scope.precision
        do {
            quantized = scope.precision == .int8 ? try QuantizedWeight(weight) : nil
            packed = scope.use.packs(scope.precision, on: weight.device) ? try PackedWeight(weight) : nil
        } catch {
            throw ModelError(path: scope.path, kind: .mismatch, message: "\(error)")
        }
        // Only the copy is read from here on.
        if quantized != nil || packed != nil { scope["weight"].releasePages() }
    }

    /// [T, I] to [T, O], for attention to read: with int8 in bfloat16 where the CPU multiplies that, otherwise in the
    /// element type of the operands.
    package func callAsFunction(_ x: Operand) throws(TorchError) -> Tensor {
        switch x {
        case .plain(let x): try multiplied(x, bias: bias)
        case .bytes(let x):
            try bytes(x, gelu: false, dtype: Runtime.cpuMultipliesBFloat16 ? .bfloat16 : .float32)
        }
    }

    /// GELU of [T, I] to [T, O].
    package func gelu(_ x: Operand) throws(TorchError) -> Tensor {
        switch x {
        case .plain(let x):
            if let packed {
                try packed.linear(x, bias: bias, gelu: true)
            } else if addsBiasInProduct {
                try multiplied(x, bias: bias).gelu()
            } else {
                try x.linear(weight: weight, bias: nil).biasGelu(bias)
            }
        case .bytes(let x): try bytes(x, gelu: true, dtype: .float32)
        }
    }

    /// [T, I] to [T, O], and the bias if it is yet to be added.
    func product(_ x: Tensor) throws(TorchError) -> (sum: Tensor, bias: Tensor?) {
        switch try Operand(x, precision: precision) {
        case .plain(let x) where addsBiasInProduct: (try multiplied(x, bias: bias), nil)
        case .plain(let x): (try multiplied(x, bias: nil), bias)
        case .bytes(let x): (try bytes(x, gelu: false, dtype: .float32), nil)
        }
    }

    /// A GPU's library adds the bias while it writes the product; on the CPU the kernel that reads it next does.
    private var addsBiasInProduct: Bool { weight.device != .cpu }

    private func multiplied(_ x: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        if let packed { return try packed.linear(x, bias: bias) }
        return try x.linear(weight: weight, bias: bias)
    }

    private func bytes(_ x: QuantizedActivations, gelu: Bool, dtype: DType) throws(TorchError) -> Tensor {
        guard let quantized else { preconditionFailure("bytes were made for a layer that multiplies none") }
        return try quantized.linear(x, bias: bias, gelu: gelu, dtype: dtype)
    }
}

/// The hidden states, and what the linear layers that read them multiply.
package struct HiddenStates {
    /// The states, [T, H].
    package let full: Tensor
    let operand: Linear.Operand

    init(_ full: Tensor, precision: Precision) throws(TorchError) {
        self.full = full
        operand = try Linear.Operand(full, precision: precision)
    }

    init(full: Tensor, operand: Linear.Operand) {
        self.full = full
        self.operand = operand
    }
}

/// A table of vectors, one for each id.
package struct Embedding {
    let weight: Tensor  // [V, H]

    init(_ scope: ParameterScope) throws(ModelError) {
        weight = try scope["weight"].tensor()
    }

    /// [T] to [T, H], in float32 where the table is stored in less.
    package func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor {
        let rows = try weight.embedding(ids)
        return rows.dtype == .bfloat16 || rows.dtype == .float16 ? try rows.to(.float32) : rows
    }
}

/// Normalisation of each token's vector to mean 0 and variance 1, then scale and shift.
package struct LayerNorm {
    let parameters: NormParameters
    let precision: Precision

    init(_ scope: ParameterScope, epsilon: Double) throws(ModelError) {
        parameters = NormParameters(
            scale: try scope["weight"].tensor(), shift: try scope["bias"].tensor(), epsilon: epsilon)
        precision = scope.precision
    }

    /// [T, H] to [T, H].
    package func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.layerNorm(weight: parameters.scale, bias: parameters.shift, epsilon: parameters.epsilon)
    }

    /// The norm of the states before a layer's half plus what dropout leaves of its output.
    func callAsFunction(
        _ x: HiddenStates, plus output: (sum: Tensor, bias: Tensor?), dropout: Dropout, rows: PackedRows
    ) throws(TorchError) -> HiddenStates {
        let (full, rounded) = try output.sum.addNorm(
            bias: output.bias, residual: x.full, norm: parameters, dropout: dropout, rows: rows,
            rounded: precision == .bf16)
        if let rounded { return HiddenStates(full: full, operand: .plain(rounded)) }
        return try HiddenStates(full, precision: precision)
    }
}
