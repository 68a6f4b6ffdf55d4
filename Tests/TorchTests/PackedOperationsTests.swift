import Foundation
import TestDevice
import Testing
import Torch

/// The kernels against the plain formula in float64, over odd sizes.
@Suite("Operations on packed rows")
struct PackedOperationsTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let lengths: [Int]
        let heads: Int
        let size: Int
        var testDescription: String { "rows \(lengths), \(heads) heads of \(size)" }
    }

    static let shapes = [
        Shape(lengths: [1], heads: 1, size: 16), Shape(lengths: [2, 1], heads: 2, size: 16),
        Shape(lengths: [5, 3, 8], heads: 3, size: 32), Shape(lengths: [511, 1, 2, 3], heads: 2, size: 64),
        Shape(lengths: [512], heads: 1, size: 128), Shape(lengths: [17, 64, 33], heads: 4, size: 24),
        Shape(lengths: [49, 7], heads: 3, size: 5), Shape(lengths: [96, 95, 48, 47], heads: 1, size: 40),
    ]

    private func inputs(_ shape: Shape, dtype: DType) throws -> [Tensor] {
        let tokens = shape.lengths.reduce(0, +)
        return try (1...4).map { seed in
            let x = try Tensor.normal(
                [tokens, shape.heads * shape.size], standardDeviation: 1, seed: UInt64(seed), dtype: .float64
            ).to(dtype).onTestDevice()
            try x.setRequiresGradient(true)
            return x
        }
    }

    private func largest(_ x: Tensor) throws -> Double { try x.array(of: Double.self).map(abs).max() ?? 0 }

    private func expectClose(_ a: Tensor, _ b: Tensor, among all: Double, _ tolerance: Double, _ what: String) throws {
        let x: [Double] = try a.to(.float64).array()
        let y: [Double] = try b.array()
        try #require(x.count == y.count)
        let scale = try TestDevice.scale(largest(b), among: all)
        let error = zip(x, y).map { abs($0 - $1) }.max() ?? 0
        #expect(error / scale < tolerance, "\(what): \(error / scale)")
    }

    /// Output and gradients of q, k, v for a fixed output gradient.
    private func run(
        _ x: [Tensor], _ shape: Shape, _ dropout: Dropout, reference: Bool
    ) throws -> [Tensor] {
        let rows = try PackedRows(lengths: shape.lengths, keys: shape.lengths.indices.map { Int64(1000 + 7 * $0) })
        for tensor in x { try tensor.clearGradient() }
        let out =
            reference
            ? try x[0].packedAttentionPlain(
                keys: x[1], values: x[2], rows: rows, heads: shape.heads, dropout: dropout)
            : try x[0].packedAttention(keys: x[1], values: x[2], rows: rows, heads: shape.heads, dropout: dropout)
        try out.backward(gradient: x[3].clone())
        return [out] + (try x[0..<3].map { try #require(try $0.gradient()).clone() })
    }

    @Test(
        "attention and its gradients equal the plain formula's in float64, up to the rounding of their type",
        arguments: shapes, [0, 0.1, 0.5])
    func attention(shape: Shape, probability: Double) throws {
        // Fused kernels take heads of such sizes; CUDATests looks at their dropout.
        if probability > 0, try TestDevice.drawsMasks(), shape.size % 8 == 0 { return }
        let dropout = Dropout(probability: probability, seed: 99)
        for (dtype, tolerance) in [(DType.float32, 1e-5), (.bfloat16, 2e-2)] {
            let x = try inputs(shape, dtype: dtype)
            let exact = try x.map { tensor in
                let copy = try tensor.clone().to(.cpu).to(.float64)
                try copy.setRequiresGradient(true)
                return copy
            }
            let kernel = try run(x, shape, dropout, reference: false)
            let plain = try run(exact, shape, dropout, reference: true)
            let all = try plain.map(largest).max() ?? 0
            for (name, pair) in zip(["out", "dq", "dk", "dv"], zip(kernel, plain)) {
                #expect(pair.0.dtype == dtype)
                try expectClose(pair.0, pair.1, among: all, tolerance, "\(dtype) \(name)")
            }
        }
    }

    @Test("a row's result does not depend on the rows around it, its dropout masks included")
    func independence() throws {
        let masks = try !TestDevice.drawsMasks()
        let width = 32
        let x = try (1...3).map {
            try Tensor.normal([50, width], standardDeviation: 1, seed: UInt64($0)).onTestDevice()
        }
        let dropout = masks ? Dropout(probability: 0.3, seed: 4) : .none
        let together = try PackedRows(lengths: [20, 30], keys: [11, 22])
        let alone = try PackedRows(lengths: [30], keys: [22])
        let all = try x[0].packedAttention(keys: x[1], values: x[2], rows: together, heads: 2, dropout: dropout)
        let parts = try x.map { try $0.slice(dim: 0, 20..<50) }
        let one = try parts[0].packedAttention(
            keys: parts[1], values: parts[2], rows: alone, heads: 2, dropout: dropout)
        #expect(try all.slice(dim: 0, 20..<50).array(of: Float.self) == one.array(of: Float.self))
        #expect(
            try x[0].packedDropout(dropout, rows: together).slice(dim: 0, 20..<50).array(of: Float.self)
                == parts[0].packedDropout(dropout, rows: alone).array(of: Float.self))
    }

    @Test("dropout keeps the share it should, scales it, and is a function of its seed", arguments: [0.1, 0.5, 0.9])
    func dropoutStatistics(probability: Double) throws {
        let rows = try PackedRows(lengths: [300, 1, 211])
        let ones = try Tensor.full([512, 384], value: 1).onTestDevice()
        let first: [Float] = try ones.packedDropout(Dropout(probability: probability, seed: 1), rows: rows).array()
        let again: [Float] = try ones.packedDropout(Dropout(probability: probability, seed: 1), rows: rows).array()
        let other: [Float] = try ones.packedDropout(Dropout(probability: probability, seed: 2), rows: rows).array()
        #expect(first == again)
        #expect(first != other)
        let count = Double(first.count)
        let kept = Double(first.count { $0 != 0 }) / count
        // Five standard deviations of a binomial share.
        let tolerance = 5 * (probability * (1 - probability) / count).squareRoot()
        #expect(abs(kept - (1 - probability)) < tolerance)
        #expect(first.allSatisfy { $0 == 0 || abs(Double($0) * (1 - probability) - 1) < 1e-6 })
        // Neighbours in both directions, and masks of two seeds, are independent: both kept as often as chance has it.
        for other in [Array(first.dropFirst()), Array(first.dropFirst(384)), other] {
            let both = zip(first, other).count { $0 != 0 && $1 != 0 }
            let expected = (1 - probability) * (1 - probability)
            #expect(abs(Double(both) / Double(other.count) - expected) < 0.01)
        }
    }

    @Test("the gradient of dropout is dropped where the value was")
    func dropoutGradient() throws {
        let rows = try PackedRows(lengths: [7, 4])
        let x = try Tensor.full([11, 33], value: 2, dtype: .float64).onTestDevice()
        try x.setRequiresGradient(true)
        let y = try x.packedDropout(Dropout(probability: 0.4, seed: 3), rows: rows)
        try y.sum().backward()
        let gradient: [Double] = try #require(try x.gradient()).array()
        #expect(try y.array(of: Double.self) == gradient.map { $0 * 2 })
        #expect(gradient.contains(0))
    }

    @Test("the span loss and its gradient equal those of the plain formula")
    func spanLoss() throws {
        let lengths = [1, 4, 9]
        let targets: [Int64] = [0, 0, 3, 1, 8, 0]
        let rows = try PackedRows(lengths: lengths)
        let logits = try Tensor.normal([14, 2], standardDeviation: 3, seed: 1, dtype: .float64).onTestDevice()
        try logits.setRequiresGradient(true)
        let loss = try logits.packedSpanLoss(
            rows: rows, targets: Tensor.of(targets, shape: [3, 2]), rowDivisor: 3)
        try (loss * 2).backward()
        let kernel: [Double] = try #require(try logits.gradient()).array()
        let numbers: [Double] = try logits.array()
        var (expected, gradient, start) = (0.0, [Double](repeating: 0, count: 28), 0)
        for (row, length) in lengths.enumerated() {
            for column in 0..<2 {
                let places = (start..<(start + length)).map { 2 * $0 + column }
                let sum = places.reduce(0) { $0 + exp(numbers[$1]) }
                let target = places[Int(targets[2 * row + column])]
                expected += (log(sum) - numbers[target]) / 6
                for place in places { gradient[place] = 2 * (exp(numbers[place]) / sum) / 6 }
                gradient[target] -= 2.0 / 6
            }
            start += length
        }
        #expect(try abs(loss.item() - expected) < 1e-12)
        #expect(zip(kernel, gradient).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test("rows, targets and probabilities that do not fit are refused")
    func badInput() throws {
        let x = try Tensor.zeros([4, 6])
        let rows = try PackedRows(lengths: [4])
        let short = try PackedRows(lengths: [3])
        #expect(throws: TorchError.self) {
            try x.packedAttention(keys: x, values: x, rows: short, heads: 2, dropout: .none)
        }
        #expect(throws: TorchError.self) {
            try x.packedAttention(keys: x, values: x, rows: rows, heads: 4, dropout: .none)
        }
        #expect(throws: TorchError.self) {
            try x.packedDropout(Dropout(probability: 1, seed: 0), rows: rows)
        }
        let logits = try Tensor.zeros([4, 2])
        for targets in [[0, 4], [-1, 0]] as [[Int64]] {
            #expect(throws: TorchError.self) {
                try logits.packedSpanLoss(rows: rows, targets: Tensor.of(targets, shape: [1, 2]), rowDivisor: 1)
            }
        }
        let empty = try PackedRows(lengths: [4, 0])
        #expect(throws: TorchError.self) { try x.packedDropout(Dropout(probability: 0.1, seed: 0), rows: empty) }
    }
}
