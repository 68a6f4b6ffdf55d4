import CTorch

extension Tensor {
    /// `linear(weight:bias:)` that reads `rounded`, the weight in the type of `self`, which the caller keeps equal to
    /// it.
    package func linear(weight: Tensor, rounded: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
        try Tensor.make("linear", [self, weight, rounded]) {
            ct_linear_rounded(handle, weight.handle, rounded.handle, bias?.handle, $0)
        }
    }

    /// The linear layers of these weights and biases as one product; see `linear(weight:rounded:bias:)`.
    ///
    /// - Parameter rounded: the weights below each other.
    /// - Returns: the result of each layer, [T, O].
    package func joinedLinear(
        weights: [Tensor], rounded: Tensor, biases: [Tensor]
    ) throws(TorchError) -> [Tensor] {
        precondition(weights.count == biases.count, "each weight needs a bias")
        let (matrices, shifts): ([OpaquePointer?], [OpaquePointer?]) = (weights.map(\.handle), biases.map(\.handle))
        var results = [OpaquePointer?](repeating: nil, count: weights.count)
        try check(
            ct_linear_joined(handle, matrices, shifts, Int32(weights.count), rounded.handle, &results), "joinedLinear",
            [self, rounded])
        return results.compactMap { $0.map(Tensor.init(owning:)) }
    }

    /// Overwrites each of the targets with its source, of the same shape, without recording it.
    package static func assignAll(_ targets: [Tensor], from sources: [Tensor]) throws(TorchError) {
        precondition(targets.count == sources.count, "each target needs a source")
        let (to, from): ([OpaquePointer?], [OpaquePointer?]) = (targets.map(\.handle), sources.map(\.handle))
        try check(ct_assign_all(to, from, Int32(to.count)), "assignAll")
    }
}
