import CTorch
import Testing
import Torch

@Suite("Gradient checkpointing", .serialized)
struct CheckpointingTests {
    private func leaf(_ values: [Double]) throws -> Tensor {
        let tensor = try Tensor.of(values)
        try tensor.setRequiresGradient(true)
        return tensor
    }

    @Test("a checkpointed stretch gives the gradients of its input and of what it uses besides")
    func gradients() throws {
        let (x, weight) = (try leaf([1, -2, 3]), try leaf([0.5, 4, -1]))
        let y = try x.checkpointed { x throws(TorchError) in try x * x * weight }
        #expect(try y.array(of: Double.self) == [0.5, 16, -9])
        try (y * y).sum().backward()
        // 2 y times 2 x weight, and 2 y times x².
        #expect(try x.gradient()?.array(of: Double.self) == [1, -512, 108])
        #expect(try weight.gradient()?.array(of: Double.self) == [1, 128, -162])
    }

    @Test("the stretch runs without recording first, and again with recording in the backward pass")
    func runsTwice() throws {
        let x = try leaf([2])
        var recorded: [Bool] = []
        let y = try x.checkpointed { x throws(TorchError) in
            let y = try x * x
            recorded.append(y.requiresGradient)
            return y
        }
        #expect(recorded == [false])
        #expect(y.requiresGradient)
        try y.sum().backward()
        #expect(recorded == [false, true])
    }

    @Test("where nothing is recorded, or the input is not in the graph, it is an ordinary call")
    func ordinary() throws {
        let weight = try leaf([3])
        var calls = 0
        let stretch = { (x: Tensor) throws(TorchError) -> Tensor in
            calls += 1
            return try x * weight
        }
        let inference = try withoutGradients { () throws(TorchError) in try weight.checkpointed(stretch) }
        #expect(!inference.requiresGradient)
        try Tensor.of([2] as [Double]).checkpointed(stretch).sum().backward()
        #expect(calls == 2)
        #expect(try weight.gradient()?.item() == 2)
    }

    @Test("what a stretch throws in the first run is thrown at once, with its operation")
    func firstRun() throws {
        let x = try leaf([1, 2])
        let error = #expect(throws: TorchError.self) {
            try x.checkpointed { x throws(TorchError) in try x.slice(dim: 0, 0..<3) }
        }
        #expect(error?.description.contains("slice(float64[2])") == true, "\(String(describing: error))")
    }

    @Test("what it throws in the second run comes out of the backward pass, its kind included")
    func secondRun() throws {
        for kind in [TorchError.Kind.failed, .outOfMemory] {
            let x = try leaf([1, 2])
            var calls = 0
            let y = try x.checkpointed { x throws(TorchError) in
                calls += 1
                if calls == 2 { throw TorchError(kind: kind, operation: "planned", operands: "", message: "no more") }
                return try x * x
            }
            let error = #expect(throws: TorchError.self) { try y.sum().backward() }
            #expect(error?.kind == kind)
            #expect(error?.description.contains("planned: no more") == true, "\(String(describing: error))")
            // The engine is whole after that.
            let z = try leaf([1])
            try (z * z).sum().backward()
            #expect(try z.gradient()?.item() == 2)
        }
    }

    @Test("the closure lives as long as the graph, and no longer, after failures too")
    func lifetime() throws {
        final class Witness {}
        let x = try leaf([1])
        weak var witness: Witness?
        do {
            let owned = Witness()
            witness = owned
            let y = try x.checkpointed { [owned] x throws(TorchError) in
                withExtendedLifetime(owned) {}
                return try x * x
            }
            try y.sum().backward()
        }
        #expect(witness == nil)
        do {
            let owned = Witness()
            witness = owned
            #expect(throws: TorchError.self) {
                try x.checkpointed { [owned] x throws(TorchError) in
                    withExtendedLifetime(owned) {}
                    return try x.slice(dim: 0, 0..<7)
                }
            }
        }
        #expect(witness == nil)
    }

    @Test("through the C interface: NULL is refused, a stretch without a result too, and the context is released once")
    func shim() {
        nonisolated(unsafe) var released: Int32 = 0
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            context?.assumingMemoryBound(to: Int32.self).pointee += 1
        }
        let empty: CTStretch = { _, input, out in
            ct_tensor_free(input)
            out.pointee = nil
            return CT_OK
        }
        var out = OpaquePointer(bitPattern: 0x10)
        #expect(ct_checkpoint(nil, empty, &released, release, &out) == CT_ERROR)
        #expect(out == nil)
        #expect(released == 1)
        var x: OpaquePointer?
        #expect(ct_tensor_full(1, [2], 1, CT_FLOAT32, CT_CPU, &x) == CT_OK)
        defer { ct_tensor_free(x) }
        #expect(ct_checkpoint(x, empty, &released, release, &out) == CT_ERROR)
        #expect(String(cString: ct_last_error()).contains("without a result"))
        #expect(released == 2)
        #expect(ct_tensor_share(nil, &out) == CT_ERROR)
    }
}
