import Foundation
import Testing
import Torch

@Suite("Linear layers with packed weights")
struct PackedLinearTests {
    private static let shapes = [
        (1, 16, 8), (2, 384, 384), (7, 33, 5), (511, 384, 1536), (512, 1536, 384), (64, 17, 130),
    ]

    private func random(_ shape: [Int], _ seed: UInt64, _ deviation: Double = 1) throws -> Tensor {
        try Tensor.normal(shape, standardDeviation: deviation, seed: seed)
    }

    private func expectEqual(_ a: Tensor, _ b: Tensor, _ dtype: DType, _ comment: Comment) throws {
        let (left, right) = (try a.to(.float32).array(of: Float.self), try b.to(.float32).array(of: Float.self))
        #expect(a.shape == b.shape && a.dtype == dtype, comment)
        // One bfloat16 has 8 bits.
        let (absolute, relative): (Float, Float) = dtype == .bfloat16 ? (1e-3, 1 / 128) : (1e-5, 1e-5)
        for (x, y) in zip(left, right) { #expect(abs(x - y) <= absolute + abs(y) * relative, comment) }
    }

    private func parity(_ dtype: DType, _ tokens: Int, _ inputs: Int, _ outputs: Int) throws {
        try withoutGradients {
            let x = try random([tokens, inputs], 1).to(dtype)
            let weight = try random([outputs, inputs], 2, 0.05)
            let bias = try random([outputs], 3, 0.5)
            let packed = try PackedWeight(weight, dtype: dtype)
            let (wide, rounded) = (try x.to(.float64), try weight.to(dtype).to(.float64))
            let comment: Comment = "\(tokens) x \(inputs) x \(outputs)"
            try expectEqual(packed.linear(x, bias: nil), wide.linear(weight: rounded, bias: nil), dtype, comment)
            let sum = try wide.linear(weight: rounded, bias: bias.to(.float64))
            try expectEqual(packed.linear(x, bias: bias), sum, dtype, comment)
            try expectEqual(packed.linear(x, bias: bias, gelu: true), sum.gelu(), dtype, comment)
        }
    }

    @Test(
        "give what the plain formula gives in float64 on the same rounded operands",
        .enabled(if: PackedWeight.isAvailable(.bfloat16), "this CPU does not multiply bfloat16"), arguments: shapes)
    func bfloat16(tokens: Int, inputs: Int, outputs: Int) throws {
        try parity(.bfloat16, tokens, inputs, outputs)
    }

    @Test(
        "give what the plain formula gives in float64, in float32",
        .enabled(if: PackedWeight.isAvailable(.float32), "oneDNN is not the fast library on this CPU"),
        arguments: shapes)
    func float32(tokens: Int, inputs: Int, outputs: Int) throws {
        try parity(.float32, tokens, inputs, outputs)
    }

    @Test(
        "what doesn't fit is refused",
        .enabled(if: PackedWeight.isAvailable(.bfloat16), "this CPU does not multiply bfloat16"))
    func refused() throws {
        let packed = try PackedWeight(random([4, 8], 1), dtype: .bfloat16)
        let x = try random([3, 8], 2)
        #expect(throws: TorchError.self) { try packed.linear(x, bias: nil) }
        #expect(throws: TorchError.self) { try packed.linear(x.to(.bfloat16), bias: Tensor.zeros([5])) }
        #expect(throws: TorchError.self) { try packed.linear(Tensor.zeros([3, 9]).to(.bfloat16), bias: nil) }
        #expect(throws: TorchError.self) { try PackedWeight(Tensor.zeros([3]), dtype: .bfloat16) }
        #expect(throws: TorchError.self) { try PackedWeight(x, dtype: .float64) }
    }
}
