import Testing
import Torch

/// What a GPU computes against what the CPU does.
@Suite("On a CUDA GPU", .enabled(if: Device.cuda.isAvailable, "there is no CUDA GPU"), .serialized)
struct CUDATests {
    private static let lengths = [5, 130, 1, 62]
    private static let width = 2 * 32

    private func normal(_ seed: UInt64, _ width: Int = CUDATests.width) throws -> Tensor {
        try Tensor.normal([198, width], standardDeviation: 1, seed: seed)
    }

    private func leaf(_ x: Tensor, on device: Device, _ dtype: DType) throws -> Tensor {
        let copy = try x.clone().to(dtype).to(device)
        try copy.setRequiresGradient(true)
        return copy
    }

    private func expectClose(_ a: Tensor, _ b: Tensor, _ tolerance: Double, _ what: String) throws {
        let (x, y): ([Double], [Double]) = (try a.to(.float64).array(), try b.to(.float64).array())
        let error = zip(x, y).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error / max(1e-12, y.map(abs).max() ?? 0) < tolerance, "\(what): \(error)")
    }

    /// Output and gradients of attention.
    private func attention(on device: Device, _ dtype: DType, dropout: Dropout = .none) throws -> [Tensor] {
        let x = try (1...3).map { try leaf(normal($0), on: device, dtype) }
        let rows = try PackedRows(lengths: Self.lengths, device: device)
        let out = try x[0].packedAttention(keys: x[1], values: x[2], rows: rows, heads: 2, dropout: dropout)
        try out.backward(gradient: normal(4).to(dtype).to(device))
        return [out] + (try x.map { try #require(try $0.gradient()) })
    }

    @Test("attention and its gradients are the CPU's", arguments: [(DType.float32, 1e-3), (.bfloat16, 2e-2)])
    func attention(dtype: DType, tolerance: Double) throws {
        let pairs = zip(try attention(on: .cuda, dtype), try attention(on: .cpu, dtype))
        for (name, pair) in zip(["out", "dq", "dk", "dv"], pairs) { try expectClose(pair.0, pair.1, tolerance, name) }
    }

    @Test(
        "attention with dropout repeats itself for a seed, and not for another", arguments: [DType.float32, .bfloat16])
    func attentionDropout(dtype: DType) throws {
        func numbers(_ seed: UInt64) throws -> [Double] {
            try attention(on: .cuda, dtype, dropout: Dropout(probability: 0.3, seed: seed))[0].to(.float64).array()
        }
        #expect(try numbers(1) == numbers(1))
        #expect(try numbers(1) != numbers(2))
    }

    /// Attention's output along a direction, Σ out · g, for inputs that are moved by `step` along `direction`.
    private func along(
        _ x: [Tensor], _ dtype: DType, moving place: Int?, by step: Double, _ direction: Tensor
    ) throws -> Double {
        let moved = try x.enumerated().map { index, value in
            try (index == place ? value + direction * step : value).to(dtype).to(.cuda)
        }
        let rows = try PackedRows(lengths: Self.lengths, device: .cuda)
        let out = try moved[0].packedAttention(
            keys: moved[1], values: moved[2], rows: rows, heads: 2, dropout: Dropout(probability: 0.3, seed: 7))
        let pair: ([Double], [Double]) = (try out.to(.float64).array(), try normal(4).to(.float64).array())
        return zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private func product(_ a: Tensor, _ b: Tensor) throws -> Double {
        let pair: ([Double], [Double]) = (try a.to(.float64).array(), try b.to(.float64).array())
        return zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test("with dropout too, attention's gradients are those of its output")
    func attentionDropoutGradients() throws {
        let x = try (1...3).map { try normal($0) }
        for (dtype, tolerance) in [(DType.float32, 1e-3), (.bfloat16, 2e-2)] {
            let gradients = try attention(on: .cuda, dtype, dropout: Dropout(probability: 0.3, seed: 7)).dropFirst()
            // The output is linear in the values.
            let whole = try along(x, dtype, moving: nil, by: 0, x[0])
            let size = try product(gradients[3], gradients[3]).squareRoot()
            #expect(try abs(product(gradients[3], x[2]) - whole) < tolerance * size * 10, "\(dtype) values")
            guard dtype == .float32 else { continue }
            for place in 0...1 {
                let direction = try normal(11)
                let slope =
                    try
                    (along(x, dtype, moving: place, by: 1e-2, direction)
                    - along(x, dtype, moving: place, by: -1e-2, direction)) / 2e-2
                let expected = try product(gradients[place + 1], direction)
                let scale = try product(gradients[place + 1], gradients[place + 1]).squareRoot()
                #expect(abs(slope - expected) < 0.02 * scale, "input \(place): \(slope), \(expected)")
            }
        }
    }

    @Test("threads that draw at once get the masks of their own seeds")
    func threads() async throws {
        func mask(_ seed: UInt64) throws -> [Float] {
            let ones = try Tensor.full([64, 64], value: 1, device: .cuda)
            return try ones.packedDropout(Dropout(probability: 0.5, seed: seed), rows: PackedRows(lengths: [64]))
                .array()
        }
        let expected = try (0..<8).map { try mask($0) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for seed in 0..<8 {
                group.addTask { try (0..<200).allSatisfy { _ in try mask(UInt64(seed)) == expected[seed] } }
            }
            for try await same in group { #expect(same) }
        }
    }

    @Test("dropout keeps what it should, repeats itself for a seed and its rows, and drops the same of the gradient")
    func dropout() throws {
        func numbers(_ seed: UInt64, _ key: Int64) throws -> (out: [Float], gradient: [Float]) {
            let rows = try PackedRows(lengths: Self.lengths, keys: [key, 2, 3, 4])
            let x = try leaf(Tensor.full([198, 256], value: 1), on: .cuda, .float32)
            let out = try x.packedDropout(Dropout(probability: 0.1, seed: seed), rows: rows)
            try out.sum().backward()
            return (try out.array(), try #require(try x.gradient()).array())
        }
        let first = try numbers(8, 1)
        #expect(first.out == first.gradient)
        #expect(first.out.allSatisfy { $0 == 0 || abs($0 - 1 / 0.9) < 1e-6 })
        let kept = Double(first.out.filter { $0 != 0 }.count) / Double(first.out.count)
        // Five standard deviations of 50,688 draws.
        #expect(abs(kept - 0.9) < 0.0067)
        #expect(try numbers(8, 1).out == first.out)
        #expect(try numbers(9, 1).out != first.out && numbers(8, 5).out != first.out)
    }

    @Test("the span loss and its gradient are the CPU's")
    func spanLoss() throws {
        let rows = try PackedRows(lengths: Self.lengths)
        let targets = try Tensor.of([0, 4, 129, 1, 0, 0, 61, 3] as [Int64], shape: [4, 2])
        let results = try [Device.cuda, .cpu].map { device in
            let logits = try leaf(normal(1, 2), on: device, .float32)
            let loss = try logits.packedSpanLoss(rows: rows, targets: targets, rowDivisor: 4)
            try loss.backward()
            return (loss, try #require(try logits.gradient()))
        }
        try expectClose(results[0].0, results[1].0, 1e-6, "loss")
        try expectClose(results[0].1, results[1].1, 1e-6, "gradient")
    }

    @Test("ids outside the table are refused before the GPU sees them")
    func ids() throws {
        let table = try normal(1).to(.cuda)
        let ids = try Tensor.of([0, 198] as [Int64]).to(.cuda)
        #expect(throws: TorchError.self) { try table.embedding(ids) }
        #expect(try table.embedding(Tensor.of([0, 197] as [Int64]).to(.cuda)).shape == [2, Self.width])
    }

    @Test("deferred steps are the CPU's, and a skipped one changes nothing")
    func steps() throws {
        let optimizers = try [Device.cuda, .cpu].map { device in
            try AdamW(parameters: [("x", leaf(normal(1), on: device, .float32))]) { _ in true }
        }
        for optimizer in optimizers {
            let x = optimizer.slots[0].parameter
            try (x * x).sum().backward()
            for value in [0.0, 1.0, 0.0] {
                let norm = try optimizer.clipGradientsDeferred(maxNorm: 1)
                #expect(try Tensor.notFinite([norm]).item() == 0)
                try optimizer.update(
                    learningRate: 0.01, skippingIf: Tensor.full([], value: value, device: x.device))
            }
            #expect(try optimizer.settleSkippedSteps() == 1)
        }
        try expectClose(optimizers[0].slots[0].parameter, optimizers[1].slots[0].parameter, 1e-5, "weights")
    }
}
