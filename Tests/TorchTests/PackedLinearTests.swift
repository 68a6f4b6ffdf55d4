import Foundation
import Testing
import Torch

@Suite(
    "Linear layers with packed weights", .enabled(if: PackedWeight.isAvailable, "this CPU does not multiply bfloat16"))
struct PackedLinearTests {
    private func random(_ shape: [Int], _ seed: UInt64, _ deviation: Double = 1) throws -> Tensor {
        try Tensor.normal(shape, standardDeviation: deviation, seed: seed)
    }

    /// One bfloat16 has 8 bits.
    private func expectEqual(_ a: Tensor, _ b: Tensor, _ comment: Comment) throws {
        let (left, right) = (try a.to(.float32).array(of: Float.self), try b.to(.float32).array(of: Float.self))
        #expect(a.shape == b.shape && a.dtype == .bfloat16, comment)
        for (x, y) in zip(left, right) { #expect(abs(x - y) <= 1e-3 + abs(y) / 128, comment) }
    }

    @Test(
        "give what the plain formula gives in float32 on the same rounded operands",
        arguments: [(1, 16, 8), (2, 384, 384), (7, 33, 5), (511, 384, 1536), (512, 1536, 384), (64, 17, 130)])
    func parity(tokens: Int, inputs: Int, outputs: Int) throws {
        try withoutGradients {
            let x = try random([tokens, inputs], 1).to(.bfloat16)
            let weight = try random([outputs, inputs], 2, 0.05)
            let bias = try random([outputs], 3, 0.5)
            let packed = try PackedWeight(weight)
            let (wide, rounded) = (try x.to(.float32), try weight.to(.bfloat16).to(.float32))
            let comment: Comment = "\(tokens) x \(inputs) x \(outputs)"
            try expectEqual(packed.linear(x, bias: nil), wide.linear(weight: rounded, bias: nil), comment)
            let sum = try wide.linear(weight: rounded, bias: bias)
            try expectEqual(packed.linear(x, bias: bias), sum, comment)
            try expectEqual(packed.linear(x, bias: bias, gelu: true), sum.gelu(), comment)
        }
    }

    @Test("what doesn't fit is refused")
    func refused() throws {
        let packed = try PackedWeight(random([4, 8], 1))
        let x = try random([3, 8], 2)
        #expect(throws: TorchError.self) { try packed.linear(x, bias: nil) }
        #expect(throws: TorchError.self) { try packed.linear(x.to(.bfloat16), bias: Tensor.zeros([5])) }
        #expect(throws: TorchError.self) { try packed.linear(Tensor.zeros([3, 9]).to(.bfloat16), bias: nil) }
        #expect(throws: TorchError.self) { try PackedWeight(Tensor.zeros([3])) }
    }
}
