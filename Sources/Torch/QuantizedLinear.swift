import CTorch

/// Activations as bytes: x = scale * (q - zeroPoint), one scale for all of them.
package struct QuantizedActivations {
    private let bytes: Tensor
    fileprivate let scale: Double
    fileprivate let zeroPoint: Int64

    /// Quantises [T, I] with the scale that just holds all of it.
    ///
    /// - Throws: `TorchError` for numbers that are not finite.
    package init(_ x: Tensor) throws(TorchError) {
        var scale = 0.0
        var zeroPoint: Int64 = 0
        bytes = try Tensor.make("quantize", [x]) { ct_quantize_activations(x.handle, $0, &scale, &zeroPoint) }
        (self.scale, self.zeroPoint) = (scale, zeroPoint)
    }

    fileprivate var handle: OpaquePointer { bytes.handle }
}

/// The weight of a linear layer as bytes, each output with a scale of its own.
package struct QuantizedWeight {
    // In the layout of the product: no operation but the product's may look at it.
    private let packed: Tensor
    private let scales: Tensor

    /// Quantises [O, I].
    package init(_ weight: Tensor) throws(TorchError) {
        var scales: OpaquePointer?
        packed = try Tensor.make("quantize", [weight]) { ct_quantize_weight(weight.handle, $0, &scales) }
        guard let scales else {
            throw TorchError(
                kind: .failed, operation: "quantize", operands: "\(weight)",
                message: "the call succeeded without a result")
        }
        self.scales = Tensor(owning: scales)
    }

    /// x Wᵀ + b in `dtype`, followed by GELU if asked for.
    ///
    /// - Parameter bias: float32 [O].
    package func linear(
        _ x: QuantizedActivations, bias: Tensor, gelu: Bool, dtype: DType
    ) throws(TorchError) -> Tensor {
        try Tensor.make("linear in int8", [bias]) {
            ct_linear_int8(
                x.handle, x.scale, x.zeroPoint, packed.handle, scales.handle, bias.handle, gelu, dtype.ct, $0)
        }
    }
}
