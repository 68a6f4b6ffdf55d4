import TestDevice
import Testing
import Torch

@Suite("Gradients and the optimizer")
struct AutogradTests {
    @Test("the gradient of a sum of squares is twice the numbers")
    func square() throws {
        let x = try Tensor.of([1, -2, 3] as [Double]).onTestDevice()
        try x.setRequiresGradient(true)
        #expect(try x.gradient() == nil)
        try (x * x).sum().backward()
        #expect(try x.gradient()?.array(of: Double.self) == [2, -4, 6])
        try (x * x).sum().backward()
        #expect(try x.gradient()?.array(of: Double.self) == [4, -8, 12])
        try x.clearGradient()
        #expect(try x.gradient() == nil)
    }

    @Test("nothing is recorded without gradients, also after an error")
    func withoutRecording() throws {
        let x = try Tensor.of([1] as [Double]).onTestDevice()
        try x.setRequiresGradient(true)
        let y = try withoutGradients { () throws(TorchError) in try x * x }
        #expect(!y.requiresGradient)
        #expect(throws: TorchError.self) {
            try withoutGradients { () throws(TorchError) in try x.slice(dim: 0, 0..<3) }
        }
        #expect(try (x * x).requiresGradient)
    }

    @Test("a backward pass from what was not recorded is an error")
    func notRecorded() throws {
        let error = #expect(throws: TorchError.self) { try Tensor.zeros([]).backward() }
        #expect(error?.description.contains("grad") == true)
    }

    @Test("clipping scales the joint norm of all gradients down to the limit, and leaves small ones")
    func clipping() throws {
        let (a, b) = (try Tensor.of([3] as [Double]).onTestDevice(), try Tensor.of([4] as [Double]).onTestDevice())
        for x in [a, b] {
            try x.setRequiresGradient(true)
            try (x * x * 0.5).sum().backward()
        }
        let optimizer = try AdamW(parameters: [("a", a), ("b", b)]) { _ in true }
        #expect(try abs(optimizer.clipGradients(maxNorm: 0) - 5) < 1e-12)
        #expect(try abs(optimizer.clipGradients(maxNorm: 1) - 5) < 1e-12)
        #expect(try abs((a.gradient()?.item() ?? 0) - 0.6) < 1e-6)
        #expect(try optimizer.clipGradients(maxNorm: 2) < 1.000_001)
        #expect(try abs((b.gradient()?.item() ?? 0) - 0.8) < 1e-6)
    }

    @Test("a norm that is not finite is reported and changes nothing")
    func notFinite() throws {
        let a = try Tensor.of([1] as [Double]).onTestDevice()
        try a.setRequiresGradient(true)
        try (a * Double.infinity).sum().backward()
        let optimizer = try AdamW(parameters: [("a", a)]) { _ in true }
        #expect(try !optimizer.clipGradients(maxNorm: 1).isFinite)
    }

    /// - Source: AdamW's formulas, arXiv:1711.05101, computed here in double precision.
    @Test("steps follow the formulas, with and without decay", arguments: [0, 0.1])
    func adamW(decay: Double) throws {
        let x = try Tensor.of([0.5, -1.5] as [Double]).onTestDevice()
        try x.setRequiresGradient(true)
        var options = AdamW.Options()
        options.weightDecay = decay
        let optimizer = try AdamW(parameters: [("x", x)], options: options) { _ in true }
        var (value, m, v) = ([0.5, -1.5], [0.0, 0.0], [0.0, 0.0])
        for step in 1...5 {
            try optimizer.clearGradients()
            try (x * x).sum().backward()
            try optimizer.update(learningRate: 0.01)
            for i in value.indices {
                let g = 2 * value[i]
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g * g
                var (c1, c2) = (1.0, 1.0)
                for _ in 0..<step { (c1, c2) = (c1 * 0.9, c2 * 0.999) }
                value[i] -= 0.01 * decay * value[i]
                value[i] -= 0.01 * (m[i] / (1 - c1)) / ((v[i] / (1 - c2)).squareRoot() + 1e-8)
            }
            let measured: [Double] = try x.array()
            for i in value.indices { #expect(abs(measured[i] - value[i]) < 1e-7) }
        }
        #expect(optimizer.step == 5)
    }

    @Test("a parameter without gradient stops the step with its number")
    func missingGradient() throws {
        let x = try Tensor.zeros([2])
        let optimizer = try AdamW(parameters: [("x", x)]) { _ in false }
        let error = #expect(throws: TorchError.self) { try optimizer.update(learningRate: 0.1) }
        #expect(error?.description.contains("no gradient") == true)
    }
}
