import BERT
import Torch

/// A number of a training step that is infinite or not a number, and where it arose.
package struct NumericFault: Sendable, Hashable {
    /// What is not finite, as in `the gradient of bert.embeddings.LayerNorm.bias`.
    package let what: String
    /// Whether weights are no longer finite, so that no later step can be right.
    package let isLasting: Bool

    /// A fault with its description.
    package init(what: String, isLasting: Bool) {
        (self.what, self.isLasting) = (what, isLasting)
    }

    /// Looks for the first number of a step that is not finite; nil if its loss and its gradients are finite.
    ///
    /// All weights take part in the loss and all gradients in the norms, so that a finite step is recognised at no
    /// cost.
    ///
    /// - Parameters:
    ///   - loss: the step's loss.
    ///   - norms: the result of `AdamW.clipGradientsDeferred`: the joint norm of the gradients, and each slot's.
    package static func find(
        loss: Double, norms: [Float], in slots: [AdamW.Slot]
    ) throws(TorchError) -> NumericFault? {
        if loss.isFinite, norms.allSatisfy(\.isFinite) { return nil }
        if let name = try firstNotFinite(slots.map { ($0.name, $0.parameter) }) {
            return NumericFault(what: "the weights \(name)", isLasting: true)
        }
        guard loss.isFinite else { return NumericFault(what: "the loss", isLasting: false) }
        let broken = zip(slots, norms.dropFirst()).first { !$0.1.isFinite }?.0
        let what = broken.map { "the gradient of \($0.name)" } ?? "the norm of the gradients"
        return NumericFault(what: what, isLasting: false)
    }

    /// The name of the first tensor with a number that is not finite.
    package static func firstNotFinite(_ tensors: [(name: String, tensor: Tensor)]) throws(TorchError) -> String? {
        for (name, tensor) in tensors where try !tensor.allFinite() { return name }
        return nil
    }
}
