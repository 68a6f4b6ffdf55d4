import Foundation
import Testing
import Torch

@Suite("Linear layers in 8-bit integers", .enabled(if: Runtime.cpuMultipliesInt8, "this CPU has no AVX512-VNNI"))
struct QuantizedLinearTests {
    /// What the product must give, number by number: both operands rounded to their scales, the sums exact.
    private func expected(_ x: [Float], _ w: [Float], _ bias: [Float], inputs: Int) -> [Double] {
        let (least, most) = (Double(min(0, x.min() ?? 0)), Double(max(0, x.max() ?? 0)))
        let scale = (most - least) / 255
        let zero = (-least / scale).rounded()
        let q = x.map { min(255, max(0, (Double($0) / scale).rounded(.toNearestOrEven) + zero)) }
        var result: [Double] = []
        for row in 0..<(x.count / inputs) {
            for output in bias.indices {
                let weights = w[(output * inputs)..<((output + 1) * inputs)].map(Double.init)
                let weightScale = Double(Float(weights.map(abs).max() ?? 0) / 127)
                var sum = 0.0
                for (index, weight) in weights.enumerated() {
                    let rounded = Double((Float(weight) / Float(weightScale)).rounded(.toNearestOrEven))
                    sum += (q[row * inputs + index] - zero) * rounded
                }
                result.append(sum * scale * weightScale + Double(bias[output]))
            }
        }
        return result
    }

    @Test(
        "are the formula's, over odd sizes",
        arguments: [(1, 1, 1), (1, 384, 2), (2, 16, 31), (17, 33, 5), (64, 384, 1536), (511, 48, 48)])
    func formula(rows: Int, inputs: Int, outputs: Int) throws {
        let x = try Tensor.normal([rows, inputs], standardDeviation: 2, seed: 1)
        let w = try Tensor.normal([outputs, inputs], standardDeviation: 0.05, seed: 2)
        let bias = try Tensor.normal([outputs], standardDeviation: 1, seed: 3)
        let wanted = expected(try x.array(), try w.array(), try bias.array(), inputs: inputs)
        let weight = try QuantizedWeight(w)
        let y: [Float] = try weight.linear(QuantizedActivations(x), bias: bias, gelu: false, dtype: .float32).array()
        let size = wanted.map(abs).max() ?? 1
        for (a, b) in zip(y, wanted) { #expect(abs(Double(a) - b) < 1e-4 * size) }
        // GELU in the same pass is GELU after it.
        let fused: [Float] = try weight.linear(QuantizedActivations(x), bias: bias, gelu: true, dtype: .float32)
            .array()
        for (a, b) in zip(fused, y) {
            let exact = Double(b) * 0.5 * (1 + erf(Double(b) / 2.0.squareRoot()))
            #expect(abs(Double(a) - exact) < 1e-3 * max(1, abs(exact)))
        }
    }

    @Test("of rows that are all zero, and weights of which an output is all zero, give the bias")
    func zeros() throws {
        let bias = try Tensor.of([1.5, -2] as [Float])
        let weight = try QuantizedWeight(Tensor.zeros([2, 8]))
        let y: [Float] = try weight.linear(
            QuantizedActivations(Tensor.zeros([3, 8])), bias: bias, gelu: false, dtype: .float32
        ).array()
        #expect(y == [1.5, -2, 1.5, -2, 1.5, -2])
    }

    @Test("refuse numbers that are not finite")
    func notFinite() throws {
        #expect(throws: TorchError.self) { try QuantizedActivations(Tensor.full([2, 4], value: .nan)) }
        #expect(throws: TorchError.self) { try QuantizedActivations(Tensor.full([2, 4], value: .infinity)) }
        #expect(throws: TorchError.self) { try QuantizedWeight(Tensor.full([2, 4], value: .nan)) }
    }
}
