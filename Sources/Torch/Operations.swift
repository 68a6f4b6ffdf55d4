import CTorch

// Differentiable operations. Shapes broadcast as in PyTorch; each throws a `TorchError` that names its operands.

extension Tensor {
    /// The elementwise sum.
    package static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try make("+", [a, b]) { ct_add(a.handle, b.handle, $0) }
    }

    /// The elementwise product.
    package static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try make("*", [a, b]) { ct_multiply(a.handle, b.handle, $0) }
    }

    /// Every element times a number.
    package static func * (a: Tensor, factor: Double) throws(TorchError) -> Tensor {
        try make("*", [a]) { ct_scale(a.handle, factor, $0) }
    }

    /// `self` [T, I] times the transpose of `weight` [O, I], plus `bias` [O], computed in the type of `self`; weight
    /// and bias may be of another, which their gradients then have.
    package func linear(weight: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        try Tensor.make("linear", [self, weight] + (bias.map { [$0] } ?? [])) {
            ct_linear(handle, weight.handle, bias?.handle, $0)
        }
    }

    /// The rows of this table [V, H] that `ids` (int64) name. Ids outside the table are an error.
    package func embedding(_ ids: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make("embedding", [self, ids]) { ct_embedding(handle, ids.handle, $0) }
    }

    /// Normalisation of each row of `self` [T, H], with `weight` and `bias` [H].
    package func layerNorm(weight: Tensor, bias: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
        try Tensor.make("layerNorm", [self, weight, bias]) {
            ct_layer_norm(handle, weight.handle, bias.handle, epsilon, $0)
        }
    }

    /// GELU by the error function, as BERT has it.
    package func gelu() throws(TorchError) -> Tensor {
        try Tensor.make("gelu", [self]) { ct_gelu(handle, $0) }
    }

    /// The sum of all elements.
    package func sum() throws(TorchError) -> Tensor {
        try Tensor.make("sum", [self]) { ct_sum(handle, $0) }
    }

    /// The elements of dimension `dim` inside `range`.
    package func slice(dim: Int, _ range: Range<Int>) throws(TorchError) -> Tensor {
        try Tensor.make("slice", [self]) {
            ct_slice(handle, Int32(dim), Int64(range.lowerBound), Int64(range.upperBound), $0)
        }
    }

    /// 1 if any element of the tensors, which are on one device, is infinite or not a number, else 0: float32 [] on
    /// that device, without waiting for it.
    package static func notFinite(_ tensors: [Tensor]) throws(TorchError) -> Tensor {
        let handles: [OpaquePointer?] = tensors.map(\.handle)
        return try make("notFinite", tensors) { ct_not_finite(handles, Int32(handles.count), $0) }
    }

    /// Moves each of the `averages` towards its value by `weight` of the way, 0 to 1, without recording it and without
    /// waiting for the device.
    package static func average(_ averages: [Tensor], with values: [Tensor], weight: Double) throws(TorchError) {
        precondition(averages.count == values.count, "each average needs one value")
        let (means, new): ([OpaquePointer?], [OpaquePointer?]) = (averages.map(\.handle), values.map(\.handle))
        try check(ct_average(means, new, Int32(means.count), weight), "average")
    }

    /// Whether no element is infinite or not a number.
    package func allFinite() throws(TorchError) -> Bool {
        var result = false
        try check(ct_all_finite(handle, &result), "allFinite", [self])
        return result
    }
}
