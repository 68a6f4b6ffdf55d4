import CTorch

/// The weight of a linear layer rounded to bfloat16, in the layout that the CPU's products want: for models that only
/// read.
package struct PackedWeight {
    private let packed: Tensor

    /// Whether this CPU multiplies bfloat16 in hardware and libtorch has the products.
    package static var isAvailable: Bool { Runtime.cpuMultipliesBFloat16 }

    /// A copy of `weight`, [O, I], of any floating-point type.
    package init(_ weight: Tensor) throws(TorchError) {
        packed = try Tensor.make("pack", [weight]) { ct_pack_weight(weight.handle, $0) }
    }

    /// x Wᵀ + b, followed by GELU if asked for: [T, I] to [T, O], in bfloat16, without gradients.
    ///
    /// - Parameters:
    ///   - x: bfloat16.
    ///   - bias: float32 [O]; nil for none.
    package func linear(_ x: Tensor, bias: Tensor?, gelu: Bool = false) throws(TorchError) -> Tensor {
        try Tensor.make("linear with a packed weight", [x] + (bias.map { [$0] } ?? [])) {
            ct_linear_packed(x.handle, packed.handle, bias?.handle, gelu, $0)
        }
    }
}
