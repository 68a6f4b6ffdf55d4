import Testing
import Torch

/// What `GraphTests` tests on the CPU, on a GPU. No GPU has run it yet, neither with fused kernels nor without.
@Suite("Graphs on a CUDA GPU", .enabled(if: Device.cuda.isAvailable, "there is no CUDA GPU"), .serialized)
struct CUDAGraphTests {
    /// Attention, dropout, norm and products in bfloat16 with their gradients, and a step of AdamW: what training is
    /// made of, at one place.
    private final class Work {
        let input: Tensor
        let weight: Tensor
        let scale: Tensor
        let shift: Tensor
        let starts: Tensor
        let loss: Tensor
        let optimizer: AdamW

        init() throws {
            input = try Tensor.zeros([256, 64], device: .cuda)
            weight = try Tensor.normal([64, 64], standardDeviation: 0.2, seed: 1).to(.cuda).clone()
            scale = try Tensor.full([64], value: 1, device: .cuda)
            shift = try Tensor.zeros([64], device: .cuda)
            starts = try Tensor.zeros([4], dtype: .int32, device: .cuda)
            loss = try Tensor.zeros([], device: .cuda)
            for leaf in [weight, scale, shift] { try leaf.setRequiresGradient(true) }
            optimizer = try AdamW(parameters: [("weight", weight), ("scale", scale), ("shift", shift)]) { _ in true }
            try optimizer.placeNumbers()
        }

        func fill(_ seed: UInt64) throws(TorchError) {
            try input.fill(Tensor.normal([256, 64], standardDeviation: 1, seed: seed))
            let middle = Int32(20 + seed)
            try starts.fill(Tensor.of([0, middle, 200, 256]))
            try optimizer.placeStep(learningRate: 0.01)
        }

        func run() throws(TorchError) {
            try optimizer.clearGradients()
            let rows = try PackedRows(count: 3, tokenCount: 256, longest: 256, deviceStarts: starts)
            let dropout = Dropout(probability: 0.1, seed: 1)
            // The gradient of the queries alone is a sum of atomic additions, whose bits vary.
            let fixed = try input.to(.bfloat16)
            let attended = try fixed.packedAttention(
                keys: fixed, values: fixed.linear(weight: weight, bias: nil), rows: rows, heads: 2, dropout: dropout)
            let (full, _) = try attended.addNorm(
                bias: nil, residual: input, norm: NormParameters(scale: scale, shift: shift, epsilon: 1e-5),
                dropout: dropout, rows: rows, rounded: false)
            let sum = try (full * full).sum() * 1e-3
            try sum.backward()
            try loss.assign(sum)
            let (norms, divisor) = try optimizer.measureGradients(maxNorm: 1, scale: nil)
            try optimizer.updatePlaced(dividingBy: divisor, skippingIf: Tensor.notFinite([loss, norms]))
            try optimizer.clearGradients()
        }
    }

    @Test("recorded steps have the bits of plain ones, masks included")
    func sameBits() throws {
        try #require(Device.cuda.recordsGraphs)
        func steps(recording: Bool) throws -> (losses: [Double], weights: [Float]) {
            let work = try Work()
            let pool = try Graph.Pool(device: .cuda)
            var graph: Graph?
            var losses: [Double] = []
            for seed: UInt64 in 1...6 {
                try work.fill(seed)
                try Device.cuda.drawing(from: seed) { () throws(TorchError) in
                    if let graph {
                        try graph.replay()
                    } else if recording, seed > 2 {
                        graph = try Graph(in: pool) { () throws(TorchError) in try work.run() }
                    } else {
                        try work.run()
                    }
                }
                losses.append(try work.loss.item())
            }
            #expect((graph != nil) == recording)
            return (losses, try work.weight.array())
        }
        try Device.cuda.enterGraphStream()
        let (plain, recorded) = (try steps(recording: false), try steps(recording: true))
        #expect(plain.losses == recorded.losses)
        #expect(plain.weights == recorded.weights)
        #expect(Set(plain.losses).count == 6)
    }
}
