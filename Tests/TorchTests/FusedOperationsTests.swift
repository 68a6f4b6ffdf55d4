import Foundation
import TestDevice
import Testing
import Torch

/// A linear layer and its gradients, in plain loops.
private struct LinearFormula {
    private(set) var output: [Double] = []
    private(set) var xGradient: [Double]
    private(set) var weightGradient: [Double]
    private(set) var biasGradient: [Double]

    /// - Parameters:
    ///   - x: [T, I].
    ///   - weight: [O, I].
    ///   - bias: [O].
    ///   - gradient: that of the output, [T, O].
    init(x: [Double], weight: [Double], bias: [Double]?, gradient: [Double], inputs: Int) {
        let outputs = weight.count / inputs
        xGradient = Array(repeating: 0, count: x.count)
        weightGradient = Array(repeating: 0, count: weight.count)
        biasGradient = Array(repeating: 0, count: outputs)
        for token in 0..<(x.count / inputs) {
            for place in 0..<outputs {
                let slope = gradient[token * outputs + place]
                var sum = bias?[place] ?? 0
                for input in 0..<inputs {
                    let (i, j) = (token * inputs + input, place * inputs + input)
                    sum += x[i] * weight[j]
                    xGradient[i] += slope * weight[j]
                    weightGradient[j] += slope * x[i]
                }
                output.append(sum)
                biasGradient[place] += slope
            }
        }
    }
}

/// The fused kernels against the plain formulas in float64.
@Suite("Fused operations")
struct FusedOperationsTests {
    static let shapes = [(1, 1), (2, 7), (33, 64), (64, 384), (511, 20), (70, 1025)]

    private func normal(_ shape: [Int], _ seed: UInt64, _ dtype: DType) throws -> Tensor {
        let x = try Tensor.normal(shape, standardDeviation: 2, seed: seed, dtype: .float64).to(dtype).onTestDevice()
        try x.setRequiresGradient(true)
        return x
    }

    /// The largest difference, relative to the largest number.
    private func error(_ a: Tensor, _ b: Tensor) throws -> Double {
        let x: [Double] = try a.to(.float64).array()
        let y: [Double] = try b.to(.float64).array()
        try #require(x.count == y.count)
        return (zip(x, y).map { abs($0 - $1) }.max() ?? 0) / max(1e-12, y.map(abs).max() ?? 0)
    }

    private func error(_ a: Tensor, _ y: [Double]) throws -> Double { try error(a, Tensor.of(y)) }

    /// The same numbers in float64 on the CPU, leaves of a graph of their own.
    private func exact(_ tensors: [Tensor]) throws -> [Tensor] {
        try tensors.map {
            let copy = try $0.clone().to(.cpu).to(.float64)
            try copy.setRequiresGradient(true)
            return copy
        }
    }

    private func gradients(_ tensors: [Tensor]) throws -> [Tensor] {
        try tensors.map { try #require(try $0.gradient()) }
    }

    @Test("bias and GELU, with both gradients", arguments: shapes, [(DType.float32, 1e-5), (.bfloat16, 1e-2)])
    func biasGelu(shape: (Int, Int), type: (DType, Double)) throws {
        let (tokens, width) = shape
        let x = [try normal([tokens, width], 1, type.0), try normal([width], 2, .float32)]
        let upstream = try Tensor.normal([tokens, width], standardDeviation: 1, seed: 3).to(type.0)
        let plain = try exact(x)
        let kernel = try x[0].biasGelu(x[1])
        let reference = try plain[0].biasGeluPlain(plain[1])
        #expect(kernel.dtype == type.0)
        #expect(try error(kernel, reference) < type.1)
        try kernel.backward(gradient: upstream.onTestDevice())
        try reference.backward(gradient: upstream.to(.float64))
        for (a, b) in zip(try gradients(x), try gradients(plain)) { #expect(try error(a, b) < type.1) }
    }

    @Test("GELU of numbers of every size, those it rounds to zero or leaves as they are among them")
    func geluRange() throws {
        let numbers: [Float] = (-4000...4000).map { Float($0) / 100 } + [0, -0.0, 1e-30, -1e-30, 1e30, -1e30]
        let x = try Tensor.of(numbers, shape: [1, numbers.count]).onTestDevice()
        let zero = try Tensor.zeros([numbers.count]).onTestDevice()
        let y: [Float] = try x.biasGelu(zero).array()
        for (number, value) in zip(numbers, y) {
            let exact = 0.5 * Double(number) * erfc(-Double(number) / 2.0.squareRoot())
            #expect(abs(Double(value) - exact) <= 3e-7 * max(1, abs(exact)), "GELU of \(number)")
        }
        let odd: [Float] = try Tensor.of([Float.nan, .infinity], shape: [1, 2]).onTestDevice()
            .biasGelu(Tensor.zeros([2]).onTestDevice()).array()
        #expect(odd[0].isNaN && odd[1] == .infinity)
    }

    private struct NormCase {
        let tensors: [Tensor]  // x, bias, residual, scale, shift
        let rows: PackedRows

        func callAsFunction(reference: Bool, dropout: Dropout, rounded: Bool) throws -> (full: Tensor, rounded: Tensor?)
        {
            let norm = NormParameters(scale: tensors[3], shift: tensors[4], epsilon: 1e-12)
            return reference
                ? try tensors[0].addNormPlain(
                    bias: tensors[1], residual: tensors[2], norm: norm, dropout: dropout, rows: rows, rounded: rounded)
                : try tensors[0].addNorm(
                    bias: tensors[1], residual: tensors[2], norm: norm, dropout: dropout, rows: rows, rounded: rounded)
        }
    }

    /// The plain formula with the masks that the device drew for the kernel: what dropout leaves is the input of a norm
    /// without.
    private func withDeviceMasks(_ plain: NormCase, like kernel: NormCase, dropout: Dropout) throws -> NormCase {
        let sum = try kernel.tensors[0].to(.float32) + kernel.tensors[1]
        let ones = try Tensor.full(sum.shape, value: 1).onTestDevice()
        let mask = try ones.packedDropout(dropout, rows: kernel.rows).to(.cpu).to(.float64)
        let kept = try (plain.tensors[0] + plain.tensors[1]) * mask
        let none = try Tensor.zeros([sum.shape[1]], dtype: .float64)
        return NormCase(tensors: [kept, none] + plain.tensors[2...], rows: plain.rows)
    }

    private func normCase(_ tokens: Int, _ width: Int, _ dtype: DType) throws -> NormCase {
        let tensors = [
            try normal([tokens, width], 1, dtype), try normal([width], 2, .float32),
            try normal([tokens, width], 3, .float32), try normal([width], 4, .float32),
            try normal([width], 5, .float32),
        ]
        let lengths = tokens < 3 ? [tokens] : [1, tokens - 2, 1]
        return NormCase(
            tensors: tensors, rows: try PackedRows(lengths: lengths, keys: lengths.indices.map { Int64(70 + $0) }))
    }

    @Test(
        "the norm of a sum with dropout, with all five gradients",
        arguments: [(1, 8), (2, 7), (33, 64), (64, 384), (511, 20), (70, 1025)], [0, 0.1, 0.5])
    func addNorm(shape: (Int, Int), probability: Double) throws {
        for (dtype, tolerance) in [(DType.float32, 2e-5), (.bfloat16, 1e-2)] {
            let kernel = try normCase(shape.0, shape.1, dtype)
            let plain = NormCase(tensors: try exact(kernel.tensors), rows: kernel.rows)
            let dropout = Dropout(probability: probability, seed: 8)
            let upstream = try Tensor.normal([shape.0, shape.1], standardDeviation: 1, seed: 9)
            let out = try kernel(reference: false, dropout: dropout, rounded: false).full
            let drawn = try probability > 0 && TestDevice.drawsMasks()
            let expected =
                drawn
                ? try withDeviceMasks(plain, like: kernel, dropout: dropout)(
                    reference: true, dropout: .none, rounded: false
                ).full
                : try plain(reference: true, dropout: dropout, rounded: false).full
            #expect(out.dtype == .float32)
            #expect(try error(out, expected) < tolerance)
            try out.backward(gradient: upstream.onTestDevice())
            try expected.backward(gradient: upstream.to(.float64))
            let names = ["x", "bias", "residual", "scale", "shift"]
            for (name, pair) in zip(names, zip(try gradients(kernel.tensors), try gradients(plain.tensors))) {
                #expect(try error(pair.0, pair.1) < tolerance, "\(dtype) \(name)")
            }
        }
    }

    @Test("both results of a norm carry their gradients back, together or alone")
    func bothResults() throws {
        let upstream = try Tensor.normal([40, 16], standardDeviation: 1, seed: 9).to(.bfloat16).onTestDevice()
        func gradients(full: Bool, low: Bool) throws -> [[Double]] {
            let kernel = try normCase(40, 16, .bfloat16)
            let out = try kernel(reference: false, dropout: .none, rounded: true)
            let low = low ? try #require(out.rounded).to(.float32) * upstream.to(.float32) : nil
            let full = full ? try out.full * upstream.to(.float32) : nil
            let sum = try full.map { full in try low.map { try full + $0 } ?? full } ?? #require(low)
            try sum.sum().backward()
            return try self.gradients(kernel.tensors).map { try $0.to(.float64).array() }
        }
        let both = try gradients(full: true, low: true)
        let parts = [try gradients(full: true, low: false), try gradients(full: false, low: true)]
        for index in both.indices {
            let sum = zip(parts[0][index], parts[1][index]).map { $0 + $1 }
            let largest = sum.map(abs).max() ?? 0
            #expect(zip(both[index], sum).allSatisfy { abs($0 - $1) <= 1e-2 * largest })
        }
    }

    @Test("a fused result is the same with one thread and with two, and without recording")
    func threads() throws {
        let before = Runtime.threads
        defer { try? Runtime.setThreads(before) }
        let dropout = Dropout(probability: 0.2, seed: 1)
        var results: [[[Float]]] = []
        for count in [1, 2] {
            try Runtime.setThreads(count)
            let kernel = try normCase(500, 96, .float32)
            let out = try kernel(reference: false, dropout: dropout, rounded: false).full
            let gelu = try kernel.tensors[0].biasGelu(kernel.tensors[1])
            try (out + gelu).sum().backward()
            results.append(try [out.array(), gelu.array()] + gradients(kernel.tensors).map { try $0.array() })
            let quiet: [Float] = try withoutGradients {
                try kernel(reference: false, dropout: dropout, rounded: false).full.array()
            }
            #expect(quiet == results[0][0])
        }
        #expect(results[0] == results[1])
    }

    @Test(
        "a linear layer with float32 parameters and its gradients", arguments: shapes,
        [(DType.float32, 1e-5), (.bfloat16, 1.5e-2), (.float64, 1e-12)])
    func linear(shape: (Int, Int), type: (DType, Double)) throws {
        let (tokens, inputs) = shape
        let parameters: DType = type.0 == .float64 ? .float64 : .float32
        let x = [try normal([tokens, inputs], 1, type.0), try normal([5, inputs], 2, parameters)]
        let bias = try normal([5], 3, parameters)
        let plain = try exact(x + [bias])
        let upstream = try Tensor.normal([tokens, 5], standardDeviation: 1, seed: 4).to(type.0)
        for hasBias in [true, false] {
            for tensor in x + [bias] + plain { try tensor.clearGradient() }
            let out = try x[0].linear(weight: x[1], bias: hasBias ? bias : nil)
            let expected = try LinearFormula(
                x: plain[0].array(), weight: plain[1].array(), bias: hasBias ? plain[2].array() : nil,
                gradient: upstream.to(.float64).array(), inputs: inputs)
            #expect(try error(out, expected.output) < type.1)
            try out.backward(gradient: upstream.onTestDevice())
            #expect(try error(x[0].gradient()!, expected.xGradient) < type.1)
            #expect(try error(x[1].gradient()!, expected.weightGradient) < type.1)
            if hasBias {
                let got: [Double] = try #require(try bias.gradient()).to(.float64).array()
                #expect(zip(got, expected.biasGradient).allSatisfy { abs($0 - $1) <= 1e-4 * (1 + abs($1)) })
            }
        }
    }

    @Test("shapes that do not fit are refused")
    func badInput() throws {
        let x = try Tensor.zeros([4, 6])
        let vector = try Tensor.zeros([5])
        #expect(throws: TorchError.self) { try x.biasGelu(vector) }
        #expect(throws: TorchError.self) { try x.linear(weight: Tensor.zeros([3, 5]), bias: nil) }
        #expect(throws: TorchError.self) { try x.linear(weight: Tensor.zeros([3, 6]), bias: vector) }
        #expect(throws: TorchError.self) {
            try x.addNorm(
                bias: nil, residual: x, norm: NormParameters(scale: vector, shift: vector, epsilon: 1e-12),
                dropout: .none, rows: PackedRows(lengths: [4]), rounded: false)
        }
        #expect(throws: TorchError.self) {
            let six = try Tensor.zeros([6])
            return try x.addNorm(
                bias: nil, residual: x, norm: NormParameters(scale: six, shift: six, epsilon: 1e-12),
                dropout: .none, rows: PackedRows(lengths: [3]), rounded: false)
        }
    }
}
