import Checkpoints
import Torch

// Legend: T tokens in all rows of the batch, H hidden size, I input size, O output size, V table size.

/// x Wᵀ + b.
package struct Linear {
    let weight: Tensor  // [O, I]
    let bias: Tensor  // [O]
    let precision: Precision
    let quantized: QuantizedWeight?
    /// The weight in the layout that the products read, for models that only answer.
    let packed: PackedWeight?
    /// The weight in the operands' type, while a training pass keeps it.
    let rounded = RoundedWeight()

    /// What a layer multiplies with its weight.
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
                case .fp16: .plain(try x.to(.float16))
                case .fp32: .plain(x)
                }
        }
    }

    init(_ scope: ParameterScope) throws(CheckpointError) {
        weight = try scope["weight"].tensor()
        bias = try scope["bias"].tensor()
        precision = scope.precision
        do {
            quantized = scope.precision == .int8 ? try QuantizedWeight(weight) : nil
            packed = scope.use.packs(scope.precision, on: weight.device) ? try PackedWeight(weight) : nil
        } catch {
            throw CheckpointError(path: scope.path, kind: .mismatch, message: "\(error)")
        }
        // From here on only the copy is read.
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
                try multiplied(x, bias: nil).biasGelu(bias)
            }
        case .bytes(let x): try bytes(x, gelu: true, dtype: .float32)
        }
    }

    /// [T, I] to [T, O], which is to be added to the states after dropout.
    func sublayerOutput(_ x: Tensor, dropout: Dropout, rows: PackedRows) throws(TorchError) -> SublayerOutput {
        let (product, missingBias): (Tensor, Tensor?) =
            switch try Operand(x, precision: precision) {
            case .plain(let x) where addsBiasInProduct: (try multiplied(x, bias: bias), nil)
            case .plain(let x): (try multiplied(x, bias: nil), bias)
            case .bytes(let x): (try bytes(x, gelu: false, dtype: .float32), nil)
            }
        return SublayerOutput(product: product, bias: missingBias, dropout: dropout, rows: rows)
    }

    /// A GPU's library adds the bias while it writes the product. On the CPU, and where a GPU's fused kernels are in
    /// use, the next kernel adds it while it reads, and sums its gradient.
    private var addsBiasInProduct: Bool { !weight.device.addsBiasLater }

    private func multiplied(_ x: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        if let packed { return try packed.linear(x, bias: bias) }
        if let rounded = rounded.tensor { return try x.linear(weight: weight, rounded: rounded, bias: bias) }
        return try x.linear(weight: weight, bias: bias)
    }

    private func bytes(_ x: QuantizedActivations, gelu: Bool, dtype: DType) throws(TorchError) -> Tensor {
        guard let quantized else { preconditionFailure("an int8 operand reached a layer of another precision") }
        return try quantized.linear(x, bias: bias, gelu: gelu, dtype: dtype)
    }
}

/// A table of vectors, one for each id.
package struct Embedding {
    let weight: Tensor  // [V, H]

    init(_ scope: ParameterScope) throws(CheckpointError) {
        weight = try scope["weight"].tensor()
    }

    /// The number of vectors, V.
    var count: Int { weight.shape[0] }

    /// [T] to [T, H], in float32 where the table is stored in less.
    package func callAsFunction(_ ids: Tensor) throws(TorchError) -> Tensor {
        try widened(weight.embedding(ids))
    }

    /// The whole table, [V, H], in float32 where it is stored in less.
    func all() throws(TorchError) -> Tensor { try widened(weight) }

    private func widened(_ vectors: Tensor) throws(TorchError) -> Tensor {
        vectors.dtype == .bfloat16 || vectors.dtype == .float16 ? try vectors.to(.float32) : vectors
    }
}

/// Normalisation of each token's vector to mean 0 and variance 1, then scale and shift.
package struct LayerNorm {
    let parameters: NormParameters
    let precision: Precision

    init(_ scope: ParameterScope, epsilon: Double) throws(CheckpointError) {
        parameters = NormParameters(
            scale: try scope["weight"].tensor(), shift: try scope["bias"].tensor(), epsilon: epsilon)
        precision = scope.precision
    }

    /// [T, H] to [T, H].
    package func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.layerNorm(weight: parameters.scale, bias: parameters.shift, epsilon: parameters.epsilon)
    }

    /// The norm of states plus the output of a part of the layer, as `norm(x + dropout(output))` in one pass.
    func callAsFunction(_ sum: ResidualSum) throws(TorchError) -> HiddenStates {
        let (full, rounded) = try sum.output.product.addNorm(
            bias: sum.output.bias, residual: sum.states.full, norm: parameters, dropout: sum.output.dropout,
            rows: sum.output.rows, rounded: precision == .bf16 || precision == .fp16)
        if let rounded { return HiddenStates(full: full, operand: .plain(rounded)) }
        return try HiddenStates(full, precision: precision)
    }
}
