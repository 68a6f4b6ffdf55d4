import Foundation
import Testing
import Torch

/// The fused kernels of a GPU against libtorch's operations in float64. No GPU has run it yet.
@Suite("Fused kernels on a CUDA GPU", .enabled(if: Device.cuda.isAvailable, "there is no CUDA GPU"), .serialized)
struct CUDAFusedKernelTests {
    static let types: [(DType, Double)] = [(.float32, 5e-5), (.bfloat16, 1e-2), (.float16, 2e-3)]

    private var isSwitchedOff: Bool { ProcessInfo.processInfo.environment["BERTQA_FUSED_KERNELS"] == "0" }

    @Test("they are in use unless they are switched off")
    func inUse() {
        let state = Device.cuda.fusedKernels
        #expect(isSwitchedOff ? state.contains("BERTQA_FUSED_KERNELS") : state == "in use", "\(state)")
    }

    /// Leaves of the shapes, the first in a type: on the GPU, or in float64 on the CPU.
    private func leaves(_ shapes: [[Int]], _ dtype: DType, on device: Device) throws -> [Tensor] {
        try shapes.enumerated().map { number, shape in
            let x = try Tensor.normal(shape, standardDeviation: 1, seed: UInt64(1 + number), dtype: .float64)
                .to(number == 0 ? dtype : .float32)
            let leaf = try device == .cpu ? x.to(.float64) : x.to(device).clone()
            try leaf.setRequiresGradient(true)
            return leaf
        }
    }

    /// The results of a function of these leaves within a pass, then the gradients of all. The CPU walks the device's
    /// path, so that it draws the same masks.
    private func numbers(
        _ x: [Tensor], on device: Device, _ function: ([Tensor]) throws(TorchError) -> Tensor
    ) throws -> [Tensor] {
        let out = try Runtime.walkingDevicePath {
            try device.drawing(from: 5) { () throws(TorchError) in try function(x) }
        }
        let upstream = try Tensor.normal(out.shape, standardDeviation: 1, seed: 9, dtype: .float64).to(out.dtype)
        try out.backward(gradient: upstream.to(device))
        return try [out] + x.map { try #require(try $0.gradient()) }
    }

    /// The largest difference, relative to the largest number.
    private func error(_ a: Tensor, _ b: Tensor) throws -> Double {
        let x: [Double] = try a.to(.cpu).to(.float64).array()
        let y: [Double] = try b.to(.float64).array()
        return (zip(x, y).map { abs($0 - $1) }.max() ?? 0) / max(1e-6, y.map(abs).max() ?? 0)
    }

    private func compare(
        _ shapes: [[Int]], _ type: (DType, Double), _ function: ([Tensor]) throws(TorchError) -> Tensor
    ) throws {
        let found = try numbers(leaves(shapes, type.0, on: .cuda), on: .cuda, function)
        let expected = try numbers(leaves(shapes, type.0, on: .cpu), on: .cpu, function)
        for (number, pair) in zip(found, expected).enumerated() {
            #expect(try error(pair.0, pair.1) < type.1, "\(type.0), \(shapes[0]), number \(number)")
        }
    }

    @Test("a norm of a sum with dropout, with all gradients, and the masks of the plain form", arguments: types)
    func addNorm(type: (DType, Double)) throws {
        for width in [1, 7, 384, 768, 5000, 12_000] {
            try compare([[70, width], [width], [70, width], [width], [width]], type) { x throws(TorchError) in
                try x[0].addNorm(
                    bias: x[1], residual: x[2], norm: NormParameters(scale: x[3], shift: x[4], epsilon: 1e-6),
                    dropout: Dropout(probability: 0.1, seed: 1), rows: PackedRows(lengths: [30, 40]), rounded: true
                ).full
            }
        }
    }

    @Test("GELU of a product and its bias, with both gradients", arguments: types)
    func biasGelu(type: (DType, Double)) throws {
        for width in [1, 7, 384, 3072] {
            try compare([[70, width], [width]], type) { x throws(TorchError) in try x[0].biasGelu(x[1]) }
        }
    }

    @Test("products leave their biases to the kernels, within a pass only")
    func biases() throws {
        #expect(!Device.cuda.addsBiasLater)
        let within = try Device.cuda.drawing(from: 1) { () throws(TorchError) in Device.cuda.addsBiasLater }
        #expect(within == (Device.cuda.fusedKernels == "in use"))
    }
}
