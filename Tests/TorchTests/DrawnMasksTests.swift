import Testing
import Torch

/// The masks of `addNorm` in passes that draw from one seed, on the CPU by the operations that a GPU without fused
/// kernels runs. The kernels themselves are tested in C++, on an emulated device (Tests/CTorchTests/FusedKernels.cpp).
@Suite("Masks from counters", .serialized)
struct DrawnMasksTests {
    /// Two norms of sums after each other, with their gradients, at places that stay.
    private final class Work {
        let input: Tensor
        let bias: Tensor
        let scale: Tensor
        let shift: Tensor
        /// The gradients of the bias, the scale and the shift, then the result.
        let outputs: [Tensor]

        init() throws {
            input = try Tensor.zeros([12, 16])
            bias = try Tensor.normal([16], standardDeviation: 1, seed: 1)
            scale = try Tensor.full([16], value: 1)
            shift = try Tensor.zeros([16])
            outputs = try [[16], [16], [16], [12, 16]].map { try Tensor.zeros($0) }
            for leaf in [bias, scale, shift] { try leaf.setRequiresGradient(true) }
        }

        func run() throws(TorchError) {
            for leaf in [bias, scale, shift] { try leaf.clearGradient() }
            let rows = try PackedRows(lengths: [5, 7])
            let norm = NormParameters(scale: scale, shift: shift, epsilon: 1e-6)
            var states = input
            for _ in 0..<2 {
                // What one operation would draw from does not count here.
                states = try input.gelu().addNorm(
                    bias: bias, residual: states, norm: norm, dropout: Dropout(probability: 0.3, seed: 99), rows: rows,
                    rounded: false
                ).full
            }
            try (states * states).gelu().sum().backward()
            for (leaf, output) in zip([bias, scale, shift], outputs) {
                if let gradient = try leaf.gradient() { try output.assign(gradient) }
            }
            try outputs[3].assign(states)
        }

        /// What the work makes of inputs and masks from two seeds.
        func result(_ seed: UInt64, masks: UInt64, _ body: () throws(TorchError) -> Void) throws -> [[Float]] {
            try input.fill(Tensor.normal([12, 16], standardDeviation: 1, seed: seed))
            try Device.cpu.drawing(from: masks) { () throws(TorchError) in try body() }
            return try outputs.map { try $0.array() }
        }
    }

    @Test("a recorded pass has the bits of the plain one, gradients included; other seeds give other masks")
    func recorded() throws {
        try Runtime.walkingDevicePath {
            let (plain, replayed) = (try Work(), try Work())
            var graph: Graph?
            let pool = try Graph.Pool(device: .cpu)
            let first = try replayed.result(1, masks: 1) { () throws(TorchError) in
                graph = try Graph(in: pool) { () throws(TorchError) in try replayed.run() }
            }
            let kept = try #require(graph)
            #expect(!kept.operations.contains("aten::native_dropout"))
            #expect(try plain.result(1, masks: 1) { () throws(TorchError) in try plain.run() } == first)
            var results: [[[Float]]] = []
            for (seed, masks) in [(2, 7), (2, 8), (2, 7), (3, 1 << 63)] as [(UInt64, UInt64)] {
                let found = try replayed.result(seed, masks: masks) { () throws(TorchError) in try kept.replay() }
                let expected = try plain.result(seed, masks: masks) { () throws(TorchError) in try plain.run() }
                #expect(found == expected)
                results.append(found)
            }
            #expect(results[0] == results[2] && results[0] != results[1])
        }
    }

    @Test("the gradient's masks are those of the result")
    func sameMasks() throws {
        try Runtime.walkingDevicePath {
            let x = try Tensor.full([6, 64], value: 1)
            try x.setRequiresGradient(true)
            let norm = NormParameters(
                scale: try Tensor.full([64], value: 1), shift: try Tensor.zeros([64]), epsilon: 1e-6)
            let out = try Device.cpu.drawing(from: 5) { () throws(TorchError) in
                try x.addNorm(
                    bias: nil, residual: Tensor.zeros([6, 64]), norm: norm,
                    dropout: Dropout(probability: 0.5, seed: 0), rows: PackedRows(lengths: [6]), rounded: false
                ).full
            }
            try out.backward(gradient: Tensor.normal([6, 64], standardDeviation: 1, seed: 3))
            let kept: [Float] = try out.array()
            let slopes: [Float] = try #require(try x.gradient()).array()
            // A norm of masked ones is above 0 where they were kept.
            #expect(zip(kept, slopes).allSatisfy { ($0 > 0) == ($1 != 0) })
            #expect(kept.contains { $0 > 0 } && kept.contains { $0 < 0 })
        }
    }

    @Test("outside such a pass, and on the CPU's own path, masks are what they were")
    func elsewhere() throws {
        let work = try Work()
        let plain = try work.result(1, masks: 1) { () throws(TorchError) in try work.run() }
        #expect(try work.result(1, masks: 2) { () throws(TorchError) in try work.run() } == plain)
        try work.run()
        #expect(try work.outputs.map { try $0.array(of: Float.self) } == plain)
    }

    @Test("the copy in 16 bits is float16 where the operand is")
    func copies() throws {
        for (dtype, expected) in [(DType.float32, DType.bfloat16), (.bfloat16, .bfloat16), (.float16, .float16)] {
            let x = try Tensor.normal([4, 8], standardDeviation: 1, seed: 1).to(dtype)
            let norm = NormParameters(
                scale: try Tensor.full([8], value: 1), shift: try Tensor.zeros([8]), epsilon: 1e-6)
            let (full, rounded) = try x.addNorm(
                bias: nil, residual: Tensor.zeros([4, 8]), norm: norm, dropout: .none, rows: PackedRows(lengths: [4]),
                rounded: true)
            let low = try #require(rounded)
            #expect(low.dtype == expected)
            #expect(try low.to(.float32).array(of: Float.self) == full.to(expected).to(.float32).array())
        }
    }

    @Test("fused kernels are a GPU's")
    func devices() {
        #expect(Device.cpu.fusedKernels != "in use" && Device.mps.fusedKernels != "in use")
        #expect(Device.cpu.addsBiasLater && !Device.mps.addsBiasLater && !Device.cuda.addsBiasLater)
    }
}
