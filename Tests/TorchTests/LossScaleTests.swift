import Testing
import Torch

@Suite("The scale of the loss")
struct LossScaleTests {
    private func leaf() throws -> Tensor {
        let x = try Tensor.of([1, 2, 3] as [Float])
        try x.setRequiresGradient(true)
        return x
    }

    @Test("gradients of the scaled loss, divided by the scale, are those of the loss")
    func unscaled() throws {
        let (x, y, unused) = (try leaf(), try leaf(), try leaf())
        let scale = try LossScale(device: .cpu)
        try (x * x).sum().backward()
        try scale.scaled((y * y).sum()).backward()
        #expect(try y.gradient()?.array() == [131_072, 262_144, 393_216] as [Float])
        try scale.unscale([y, unused])
        #expect(try y.gradient()?.array(of: Float.self) == x.gradient()?.array())
    }

    @Test("a step that is not finite halves the scale, enough others in a row double it, as in torch.amp.GradScaler")
    func adapts() throws {
        let scale = try LossScale(device: .cpu, interval: 3)
        var seen: [LossScale.State] = []
        for skipped in [1.0, 0, 0, 1, 0, 0, 0, 0] {
            try scale.update(skipped: Tensor.full([], value: skipped))
            seen.append(try scale.state())
        }
        let expected = [
            (32_768.0, 0), (32_768, 1), (32_768, 2), (16_384, 0), (16_384, 1), (16_384, 2), (32_768, 0), (32_768, 1),
        ].map { LossScale.State(scale: $0.0, soundSteps: $0.1) }
        #expect(seen == expected)
        let other = try LossScale(device: .cpu, interval: 3)
        try other.resume(seen[5])
        try other.update(skipped: Tensor.full([], value: 0))
        #expect(try other.state() == seen[6])
    }
}
