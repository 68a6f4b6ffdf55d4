import Testing
import Torch

/// Recording and replaying, on the CPU with the operations that a GPU would run.
@Suite("Recorded graphs", .serialized)
struct GraphTests {
    /// Two weights, a place for inputs and one for the result: relu-free work of three products with dropout.
    private struct Work {
        let weights: [Tensor]
        let input: Tensor
        let output: Tensor

        init() throws {
            weights = try (1...2).map { try Tensor.normal([8, 8], standardDeviation: 0.5, seed: UInt64($0)) }
            input = try Tensor.zeros([6, 8])
            output = try Tensor.zeros([6, 8])
        }

        func run() throws(TorchError) {
            let rows = try PackedRows(lengths: [6])
            let hidden = try input.linear(weight: weights[0], bias: nil).gelu()
                .packedDropout(Dropout(probability: 0.5, seed: 99), rows: rows)
            try output.assign(hidden.linear(weight: weights[1], bias: nil))
        }

        /// What the work makes of inputs drawn from a seed.
        func result(_ seed: UInt64, _ body: () throws(TorchError) -> Void) throws -> [Float] {
            try input.fill(Tensor.normal([6, 8], standardDeviation: 1, seed: seed))
            try Device.cpu.drawing(from: seed) { () throws(TorchError) in try body() }
            return try output.array()
        }
    }

    @Test("a graph gives the bits of the plain work for other inputs, masks and weights")
    func sameBits() throws {
        try Runtime.walkingDevicePath {
            let (plain, recorded) = (try Work(), try Work())
            let pool = try Graph.Pool(device: .cpu)
            var graph: Graph?
            _ = try recorded.result(1) { () throws(TorchError) in
                graph = try Graph(in: pool) { () throws(TorchError) in try recorded.run() }
            }
            let kept = try #require(graph)
            let first = try plain.result(1) { () throws(TorchError) in try plain.run() }
            #expect(try recorded.output.array() as [Float] == first)
            for seed: UInt64 in 2...4 {
                for work in [plain, recorded] {
                    try work.weights[0].assign(Tensor.normal([8, 8], standardDeviation: 1, seed: 100 + seed))
                }
                let replayed = try recorded.result(seed) { () throws(TorchError) in try kept.replay() }
                let expected = try plain.result(seed) { () throws(TorchError) in try plain.run() }
                #expect(replayed == expected)
            }
        }
    }

    @Test("a graph knows its operations in their order, and uses no memory but its own and what stays")
    func operations() throws {
        try Runtime.walkingDevicePath {
            let work = try Work()
            let graph = try Graph(in: Graph.Pool(device: .cpu)) { () throws(TorchError) in try work.run() }
            let products = graph.operations.filter { ["aten::mm", "aten::gelu", "aten::native_dropout"].contains($0) }
            #expect(products == ["aten::mm", "aten::gelu", "aten::native_dropout", "aten::mm"])
            // Two weights, the input, the output.
            #expect(graph.foreignCount == 4)
        }
    }

    @Test("gradients are recorded with what they come from")
    func gradients() throws {
        try Runtime.walkingDevicePath {
            func made(_ recording: Bool) throws -> [[Float]] {
                let x = try Tensor.zeros([4, 8])
                let weight = try Tensor.normal([8, 8], standardDeviation: 1, seed: 3)
                let scale = try Tensor.full([8], value: 1), shift = try Tensor.zeros([8])
                for leaf in [weight, scale, shift] { try leaf.setRequiresGradient(true) }
                let sums = try Tensor.zeros([8, 8])
                func work() throws(TorchError) {
                    for leaf in [weight, scale, shift] { try leaf.clearGradient() }
                    let y = try x.linear(weight: weight, bias: nil).layerNorm(weight: scale, bias: shift, epsilon: 1e-5)
                    try (y * y).gelu().sum().backward()
                    if let gradient = try weight.gradient() { try sums.assign(gradient) }
                }
                var graph: Graph?
                return try (1...3).map { seed in
                    try x.fill(Tensor.normal([4, 8], standardDeviation: 1, seed: UInt64(seed)))
                    if !recording {
                        try work()
                    } else if let graph {
                        try graph.replay()
                    } else {
                        graph = try Graph(in: Graph.Pool(device: .cpu)) { () throws(TorchError) in try work() }
                    }
                    return try sums.array()
                }
            }
            let (plain, recorded) = (try made(false), try made(true))
            #expect(plain == recorded)
            #expect(Set(plain).count == 3)
        }
    }

    @Test("work that reads numbers back is refused, and what it throws is thrown")
    func refused() throws {
        try Runtime.walkingDevicePath {
            let x = try Tensor.full([2], value: 3)
            let pool = try Graph.Pool(device: .cpu)
            let error = #expect(throws: TorchError.self) {
                try Graph(in: pool) { () throws(TorchError) in _ = try x.sum().item() }
            }
            #expect(error?.message.contains("reads numbers back") == true)
            let shortage = TorchError(kind: .outOfMemory, operation: "test", operands: "", message: "no room")
            let thrown = #expect(throws: TorchError.self) {
                try Graph(in: pool) { () throws(TorchError) in throw shortage }
            }
            #expect(thrown?.kind == .outOfMemory)
        }
        #expect(!Device.cpu.recordsGraphs)
        #expect(throws: TorchError.self) { try Graph.Pool(device: .cpu) }
    }

    @Test("a shape is done plainly twice, then recorded; the graph that was used least recently goes")
    func cache() throws {
        try Runtime.walkingDevicePath {
            let cache = GraphCache<Int, Tensor>(device: .cpu, limit: 2)
            var calls: [Int] = []
            func run(_ key: Int, _ value: Float) throws -> [Float] {
                try cache.run(
                    key,
                    make: { () throws(TorchError) in try Tensor.zeros([key]) },
                    fill: { place throws(TorchError) in
                        try place.fill(Tensor.of([Float](repeating: value, count: key)))
                    },
                    work: { place throws(TorchError) in
                        calls.append(key)
                        try place.accumulate(place * 2)
                    }
                ).array()
            }
            for turn in 1...5 { #expect(try run(3, Float(turn)) == [Float](repeating: 3 * Float(turn), count: 3)) }
            // Twice plainly, once while it is recorded.
            #expect(calls == [3, 3, 3])
            for _ in 1...3 { _ = try run(4, 1) }
            _ = try run(3, 1)
            for _ in 1...3 { _ = try run(5, 1) }
            #expect(cache.count == 2)
            #expect(cache.graph(3) != nil && cache.graph(4) == nil && cache.graph(5) != nil)
            // A shape that was recorded before is recorded again at once.
            calls = []
            #expect(try run(4, 2) == [6, 6, 6, 6])
            #expect(calls == [4] && cache.graph(4) != nil)
            #expect(try cache.close())
            #expect(try !cache.close())
            calls = []
            for _ in 1...2 { #expect(try run(3, 2) == [6, 6, 6]) }
            #expect(calls == [3, 3] && cache.count == 0)
        }
    }

    @Test("rows that only the device knows get the attention and the loss of those that the host knows")
    func rowsInForm() throws {
        try Runtime.walkingDevicePath {
            let lengths = [5, 30, 1, 20]
            let known = try PackedRows(lengths: lengths + [8])
            let unknown = try PackedRows(
                count: 5, tokenCount: 64, longest: 30, deviceStarts: known.starts.to(.int32))
            for rows in [known, unknown] {
                #expect(rows.tokenCount == 64 && rows.count == 5)
            }
            func numbers(_ rows: PackedRows) throws -> [[Float]] {
                let x = try (1...3).map { try Tensor.normal([64, 16], standardDeviation: 1, seed: $0) }
                for leaf in x { try leaf.setRequiresGradient(true) }
                let out = try Device.cpu.drawing(from: 5) { () throws(TorchError) in
                    try x[0].packedAttention(
                        keys: x[1], values: x[2], rows: rows, heads: 2, dropout: Dropout(probability: 0.2, seed: 1))
                }
                try out.backward(gradient: Tensor.normal([64, 16], standardDeviation: 1, seed: 7))
                return try [out.array()] + x.map { try #require(try $0.gradient()).array() }
            }
            #expect(try numbers(known) == numbers(unknown))
            let targets = try Tensor.of([0, 4, 29, 3, 0, 0, 7, 8] as [Int64], shape: [4, 2])
            let losses = try [true, false].map { inForm in
                let logits = try Tensor.normal([64, 2], standardDeviation: 1, seed: 9)
                try logits.setRequiresGradient(true)
                let loss =
                    inForm
                    ? try logits.packedSpanLoss(inForm: unknown, targets: targets, longest: 30, rowDivisor: 4)
                    : try logits.slice(dim: 0, 0..<56).packedSpanLossPlain(
                        rows: PackedRows(lengths: lengths), targets: targets, rowDivisor: 4)
                try loss.backward()
                return (try loss.item(), try #require(try logits.gradient()).array(of: Float.self))
            }
            #expect(losses[0].0 == losses[1].0 && losses[0].1 == losses[1].1)
        }
    }

    @Test("a step by numbers on the device is that by numbers of the host, but for their rounding")
    func placedSteps() throws {
        func weights(placed: Bool) throws -> ([Double], Int) {
            let x = try Tensor.normal([4, 3], standardDeviation: 1, seed: 1)
            try x.setRequiresGradient(true)
            let optimizer = try AdamW(parameters: [("x", x)], rateFactor: { _ in 0.5 }) { _ in true }
            if placed { try optimizer.placeNumbers() }
            for value in [0.0, 1, 0, 0] {
                try optimizer.clearGradients()
                try (x * x).sum().backward()
                let skip = try Tensor.full([], value: value)
                if placed {
                    try optimizer.placeStep(learningRate: 0.125)
                    let divisor = try optimizer.measureGradients(maxNorm: 0, scale: nil).divisor
                    try optimizer.updatePlaced(dividingBy: divisor, skippingIf: skip)
                } else {
                    try optimizer.update(learningRate: 0.125, skippingIf: skip)
                }
            }
            #expect(try optimizer.settleSkippedSteps() == 1)
            #expect(try optimizer.settleSkippedSteps() == 0)
            return (try x.to(.float64).array(), optimizer.step)
        }
        // The rate is a float32 number.
        let (host, device) = (try weights(placed: false), try weights(placed: true))
        #expect(host == device)
        #expect(host.1 == 3)
    }
}
