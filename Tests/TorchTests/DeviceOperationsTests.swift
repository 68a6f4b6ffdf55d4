import Testing
import Torch

/// What devices run in place of the kernels, here on the CPU against these.
@Suite("Operations for devices")
struct DeviceOperationsTests {
    private let rows: PackedRows

    init() throws {
        rows = try PackedRows(lengths: [5, 3, 62], keys: [71, -3, 1 << 40])
    }

    private func leaf(_ shape: [Int], dtype: DType, deviation: Double = 1) throws -> Tensor {
        let x = try Tensor.normal(shape, standardDeviation: deviation, seed: 5, dtype: .float64).to(dtype)
        try x.setRequiresGradient(true)
        return x
    }

    /// All bits of the numbers, since every float16 and bfloat16 is a float64.
    private func numbers(_ x: Tensor) throws -> [Double] { try x.to(.float64).array() }

    private func gradient(of output: Tensor, by leaf: Tensor) throws -> [Double] {
        try leaf.clearGradient()
        try output.backward(
            gradient: Tensor.normal(output.shape, standardDeviation: 1, seed: 9, dtype: .float64).to(output.dtype))
        return try numbers(#require(try leaf.gradient()))
    }

    @Test(
        "dropout by operations drops what the kernel drops, bit for bit, gradients included",
        arguments: [DType.float32, .float64, .bfloat16, .float16], [(1, 0.5), (7, 0.1), (384, 0.1), (64, 0.999)])
    func dropout(dtype: DType, shape: (width: Int, probability: Double)) throws {
        let x = try leaf([70, shape.width], dtype: dtype)
        let dropout = Dropout(probability: shape.probability, seed: 1234 + UInt64(shape.width))
        let kernel = try x.packedDropout(dropout, rows: rows)
        let operations = try x.packedDropoutPlain(dropout, rows: rows)
        #expect(operations.dtype == dtype)
        #expect(try numbers(kernel) == numbers(operations))
        #expect(try numbers(kernel).contains(0))
        #expect(try gradient(of: kernel, by: x) == gradient(of: operations, by: x))
        let other = Dropout(probability: shape.probability, seed: 1)
        #expect(try shape.width < 7 || numbers(x.packedDropoutPlain(other, rows: rows)) != numbers(kernel))
    }

    @Test("the span loss by operations is the kernel's, gradients included", arguments: [DType.float32, .float64])
    func spanLoss(dtype: DType) throws {
        let logits = try leaf([70, 2], dtype: dtype, deviation: 5)
        let targets = try Tensor.of([0, 4, 2, 1, 61, 0] as [Int64], shape: [3, 2])
        let kernel = try logits.packedSpanLoss(rows: rows, targets: targets, rowDivisor: 3)
        let operations = try logits.packedSpanLossPlain(rows: rows, targets: targets, rowDivisor: 3)
        let tolerance = dtype == .float64 ? 1e-13 : 1e-6
        #expect(operations.dtype == dtype && operations.shape.isEmpty)
        #expect(try abs(kernel.item() - operations.item()) < tolerance * kernel.item())
        let pairs = zip(try gradient(of: kernel, by: logits), try gradient(of: operations, by: logits))
        #expect(pairs.allSatisfy { abs($0 - $1) < tolerance })
    }

    @Test("the operations refuse what the kernels refuse")
    func badInput() throws {
        let logits = try Tensor.zeros([70, 2])
        for targets in [[0, 5, 0, 0, 0, 0], [0, 0, 0, 0, -1, 0]] as [[Int64]] {
            #expect(throws: TorchError.self) {
                try logits.packedSpanLossPlain(
                    rows: rows, targets: Tensor.of(targets, shape: [3, 2]), rowDivisor: 1)
            }
        }
        #expect(throws: TorchError.self) {
            try logits.packedDropoutPlain(Dropout(probability: 1, seed: 0), rows: rows)
        }
        #expect(throws: TorchError.self) {
            try Tensor.zeros([69, 2]).packedDropoutPlain(Dropout(probability: 0.1, seed: 0), rows: rows)
        }
    }

    @Test("rows have starts on a device only where they are for one")
    func deviceStarts() {
        #expect(rows.deviceStarts == nil)
    }

    @Test("a device that is missing multiplies nothing in hardware")
    func missing() {
        for device in [Device.cuda, .mps] where !device.isAvailable { #expect(!device.multipliesBFloat16) }
    }
}

/// Clipping and steps that the host does not wait for, against those it waits for.
@Suite("Deferred steps")
struct DeferredStepTests {
    /// Two optimizers over equal parameters with equal gradients.
    private func pair(gradientScale: Double = 1) throws -> (waiting: AdamW, deferred: AdamW) {
        func optimizer() throws -> AdamW {
            var options = AdamW.Options()
            options.weightDecay = 0.1
            let parameters = try (0..<3).map { number in
                let x = try Tensor.normal([7, 4 + number], standardDeviation: 1, seed: UInt64(number))
                try x.setRequiresGradient(true)
                try (x * x * (number == 1 ? gradientScale : 1)).sum().backward()
                return ("\(number)", x)
            }
            return try AdamW(parameters: parameters, options: options) { $0 != "0" }
        }
        return (try optimizer(), try optimizer())
    }

    private func numbers(_ optimizer: AdamW) throws -> [[Float]] {
        try optimizer.slots.flatMap { try [$0.parameter, $0.firstMoment, $0.secondMoment].map { try $0.array() } }
    }

    private func gradients(_ optimizer: AdamW) throws -> [[Float]] {
        try optimizer.slots.map { try #require(try $0.parameter.gradient()).array() }
    }

    @Test("deferred clipping gives the same norm and gradients, bit for bit", arguments: [0, 0.5, 1000])
    func clipping(maxNorm: Double) throws {
        let (waiting, deferred) = try pair()
        let before = try gradients(waiting)
        let norm = try waiting.clipGradients(maxNorm: maxNorm)
        let norms: [Float] = try deferred.clipGradientsDeferred(maxNorm: maxNorm).array()
        #expect(Double(norms[0]) == norm)
        for (told, numbers) in zip(norms.dropFirst(), before) {
            let squares = numbers.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(abs(Double(told) - squares.squareRoot()) < 1e-6 * squares.squareRoot())
        }
        #expect(try gradients(waiting) == gradients(deferred))
    }

    @Test("a norm that is not finite is reported, and leaves the gradients", arguments: [Double.infinity, .nan])
    func notFinite(scale: Double) throws {
        let (waiting, deferred) = try pair(gradientScale: scale)
        let before = try gradients(waiting)
        let norm = try deferred.clipGradientsDeferred(maxNorm: 1)
        let told: [Float] = try norm.array()
        #expect(!told[0].isFinite)
        #expect(try gradients(deferred)[0] == before[0])
        let sound = try Tensor.full([], value: 1)
        #expect(try Tensor.notFinite([sound, norm]).item() == 1)
        #expect(try Tensor.notFinite([sound, Tensor.zeros([3])]).item() == 0)
    }

    @Test("a skipped step changes no weight and no moment, and does not count in later ones")
    func skipping() throws {
        let (waiting, deferred) = try pair()
        let before = try numbers(deferred)
        let (no, yes) = (try Tensor.full([], value: 0), try Tensor.full([], value: 1))
        try deferred.update(learningRate: 0.1, skippingIf: yes)
        #expect(try numbers(deferred) == before)
        for _ in 0..<2 {
            try waiting.update(learningRate: 0.1)
            try deferred.update(learningRate: 0.1, skippingIf: no)
        }
        try deferred.update(learningRate: 0.1, skippingIf: yes)
        #expect(try numbers(deferred) == numbers(waiting))
        #expect(try numbers(deferred) != before)
        #expect(try deferred.settleSkippedSteps() == 2)
        #expect(deferred.step == 2)
        #expect(try deferred.settleSkippedSteps() == 0)
        try waiting.update(learningRate: 0.1)
        try deferred.update(learningRate: 0.1)
        #expect(try numbers(deferred) == numbers(waiting))
    }

    @Test("resuming forgets what was skipped before")
    func resuming() throws {
        let (waiting, deferred) = try pair()
        try deferred.update(learningRate: 0.1, skippingIf: Tensor.full([], value: 1))
        deferred.resume(atStep: 0)
        try waiting.update(learningRate: 0.1)
        try deferred.update(learningRate: 0.1)
        #expect(try numbers(deferred) == numbers(waiting))
    }

    @Test("a flag that is not one float32 number is refused")
    func badFlag() throws {
        let optimizer = try pair().deferred
        #expect(throws: TorchError.self) {
            try optimizer.update(learningRate: 0.1, skippingIf: Tensor.zeros([2]))
        }
        #expect(throws: TorchError.self) {
            try optimizer.update(learningRate: 0.1, skippingIf: Tensor.zeros([], dtype: .float64))
        }
    }
}
