import Testing
import Torch

@Suite("Linear layers with rounded weights")
struct JoinedLinearTests {
    private struct Layers {
        let x: Tensor
        let weights: [Tensor]
        let biases: [Tensor]

        init() throws {
            x = try Tensor.normal([5, 8], standardDeviation: 1, seed: 1, dtype: .float64)
            weights = try [3, 4, 2].map {
                try Tensor.normal([$0, 8], standardDeviation: 1, seed: UInt64(10 + $0), dtype: .float64)
            }
            biases = try [3, 4, 2].map {
                try Tensor.normal([$0], standardDeviation: 1, seed: UInt64(20 + $0), dtype: .float64)
            }
            for leaf in [x] + weights + biases { try leaf.setRequiresGradient(true) }
        }

        /// The results, and the gradients of everything for a loss that weighs each result differently.
        func numbers(_ results: [Tensor]) throws -> [[Double]] {
            var loss = try results[0].sum()
            for (index, result) in results.enumerated() {
                loss = try loss + (result * result).sum() * Double(index + 1)
            }
            try loss.backward()
            return try results.map { try $0.array() }
                + ([x] + weights + biases).map { try #require(try $0.gradient()).array() }
        }
    }

    private func expectClose(_ a: [[Double]], _ b: [[Double]]) {
        #expect(a.map(\.count) == b.map(\.count))
        for (x, y) in zip(a.flatMap(\.self), b.flatMap(\.self)) { #expect(abs(x - y) < 1e-9 * max(1, abs(y))) }
    }

    @Test("one product has the numbers and gradients of several")
    func joined() throws {
        let (one, several) = (try Layers(), try Layers())
        let whole = try Tensor.zeros([9, 8], dtype: .float64)
        let places = [0..<3, 3..<7, 7..<9]
        try Tensor.assignAll(places.map { try whole.slice(dim: 0, $0) }, from: one.weights)
        let joined = try one.numbers(
            one.x.joinedLinear(weights: one.weights, rounded: whole, biases: one.biases))
        let expected = try several.numbers(
            zip(several.weights, several.biases).map { try several.x.linear(weight: $0, bias: $1) })
        expectClose(joined, expected)
    }

    @Test("a weight that was rounded before gives the bits of one that the product rounds")
    func rounded() throws {
        func numbers(rounding: Bool) throws -> [[Float]] {
            let x = try Tensor.normal([5, 8], standardDeviation: 1, seed: 1).to(.bfloat16)
            let weight = try Tensor.normal([3, 8], standardDeviation: 1, seed: 2)
            let bias = try Tensor.normal([3], standardDeviation: 1, seed: 3)
            for leaf in [weight, bias] { try leaf.setRequiresGradient(true) }
            let y =
                rounding
                ? try x.linear(weight: weight, bias: bias)
                : try x.linear(weight: weight, rounded: weight.clone().to(.bfloat16), bias: bias)
            try (y * y).sum().backward()
            return try [y.to(.float32).array()] + [weight, bias].map { try #require(try $0.gradient()).array() }
        }
        let (inside, before) = (try numbers(rounding: true), try numbers(rounding: false))
        #expect(inside == before)
    }

    @Test("rounded weights of another shape or type are refused")
    func refused() throws {
        let layers = try Layers()
        for wrong in [try Tensor.zeros([8, 8], dtype: .float64), try Tensor.zeros([9, 8])] {
            #expect(throws: TorchError.self) {
                try layers.x.joinedLinear(weights: layers.weights, rounded: wrong, biases: layers.biases)
            }
            #expect(throws: TorchError.self) {
                try layers.x.linear(weight: layers.weights[0], rounded: wrong, bias: nil)
            }
        }
    }
}
