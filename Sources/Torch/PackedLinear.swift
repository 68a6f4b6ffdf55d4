import CTorch

/// The weight of a linear layer in the layout that the CPU's products want: for models that only read.
public struct PackedWeight {
    private let packed: Tensor

    /// Whether products by packed weights of a type are the fast ones on this CPU: in bfloat16 where it multiplies that in
    /// hardware, in float32 where oneDNN's products are preferred (AMD's CPUs with AVX-512).
    public static func isAvailable(_ dtype: DType) -> Bool { ct_packs_weights(dtype.ct) }

    /// A copy of `weight`, [O, I], of any floating-point type.
    ///
    /// - Parameter dtype: bfloat16 or float32, which operands and results have then.
    public init(_ weight: Tensor, dtype: DType) throws(TorchError) {
        packed = try Tensor.make("pack", [weight]) { ct_pack_weight(weight.handle, dtype.ct, $0) }
    }

    /// x Wᵀ + b, followed by GELU if asked for: [T, I] to [T, O], in the weight's type, without gradients.
    ///
    /// - Parameters:
    ///   - x: of the weight's type.
    ///   - bias: float32 [O]; nil for none.
    public func linear(_ x: Tensor, bias: Tensor?, gelu: Bool = false) throws(TorchError) -> Tensor {
        try Tensor.make("linear with a packed weight", [x] + (bias.map { [$0] } ?? [])) {
            ct_linear_packed(x.handle, packed.handle, bias?.handle, gelu, $0)
        }
    }
}
