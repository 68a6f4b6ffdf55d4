import Torch

/// The weight of a linear layer that only reads, in the products' layout once that pays.
///
/// In bfloat16 it is packed at once: it has to be rounded anyway. In float32 it stays in the mapped file for its first product and
/// is packed at the second, so that a process that answers one question does not wait for the packing. Of the file's pages
/// and the packed copy only one is in memory.
final class WeightPacking {
    private let weight: Tensor
    private let place: ParameterScope
    private let dtype: DType
    private var packed: PackedWeight?
    private var isUsed = false

    /// Nil where products by packed weights don't pay.
    init?(_ weight: Tensor, at place: ParameterScope) throws(TorchError) {
        guard place.use.packs(place.precision, on: weight.device) else { return nil }
        (self.weight, self.place) = (weight, place)
        dtype = place.precision == .bf16 ? .bfloat16 : .float32
        if place.precision == .bf16 { packed = try pack() }
    }

    /// What the next product multiplies; nil if that is the weight as it is.
    func next() throws(TorchError) -> PackedWeight? {
        if packed == nil, isUsed { packed = try pack() }
        isUsed = true
        return packed
    }

    private func pack() throws(TorchError) -> PackedWeight {
        let packed = try PackedWeight(weight, dtype: dtype)
        place.releasePages()
        return packed
    }
}
