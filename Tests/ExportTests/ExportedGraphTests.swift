import Export
import GraphInterpreter
import Testing

@Suite("The graph of an exported model")
struct ExportedGraphTests {
    /// Rows of tokens as the inputs of a graph, padded to the longest.
    private func inputs(_ rows: [[Int]], of graph: GraphInterpreter, padding: Int = 0) -> [String: NumberArray] {
        let length = rows.map(\.count).max() ?? 0
        let padded = { (value: (Int, Int) -> Int, rest: Int) in
            NumberArray(
                [rows.count, length],
                rows.indices.flatMap { row in
                    (0..<length).map { Double($0 < rows[row].count ? value(row, $0) : rest) }
                })
        }
        let all = [
            "input_ids": padded({ rows[$0][$1] }, padding), "attention_mask": padded({ _, _ in 1 }, 0),
            "token_type_ids": padded({ $1 < 2 ? 0 : 1 }, 0),
        ]
        return all.filter { name, _ in graph.model.graph.input.contains { $0.name == name } }
    }

    private func logits(_ rows: [[Int]], of graph: GraphInterpreter, padding: Int = 0) throws -> [[Double]] {
        let outputs = try graph.run(inputs(rows, of: graph, padding: padding))
        return try ["start_logits", "end_logits"].map { name in
            let output = try #require(outputs[name])
            #expect(output.shape == [rows.count, rows.map(\.count).max() ?? 0])
            return rows.enumerated().flatMap { row, ids in
                output.numbers[(row * output.width)...].prefix(ids.count)
            }
        }
    }

    @Test("inputs and outputs have the names, types and open dimensions that ONNX Runtime's users expect")
    func interface() throws {
        let model = try TinyEncoder().exported().model
        #expect(model.graph.input.map(\.name) == ["input_ids", "attention_mask", "token_type_ids"])
        #expect(model.graph.output.map(\.name) == ["start_logits", "end_logits"])
        for value in model.graph.input + model.graph.output {
            let isInput = model.graph.input.contains(value)
            #expect(value.type.tensorType.elemType == (isInput ? 7 : 1))
            #expect(value.type.tensorType.shape.dim.map(\.dimParam) == ["batch_size", "sequence_length"])
        }
        #expect(model.irVersion == 8 && model.opsetImport.map(\.version) == [17] && model.producerName == "bertqa")
        #expect(Set(model.graph.node.map(\.name)).count == model.graph.node.count)
        let read = Set(model.graph.node.flatMap(\.input))
        #expect(model.graph.initializer.allSatisfy { read.contains($0.name) }, "every tensor is used")
        // What runtimes know as one operation.
        #expect(model.graph.node.count { $0.opType == "LayerNormalization" } == 5)
        #expect(model.graph.node.count { $0.opType == "Softmax" } == 2)
    }

    @Test("the version of the operators decides that of the file", arguments: [(18, 8), (19, 9), (21, 10), (22, 10)])
    func versions(_ opset: Int, _ format: Int64) throws {
        let model = try TinyEncoder().exported { $0.opset = opset }.model
        #expect(model.opsetImport.map(\.version) == [Int64(opset)] && model.irVersion == format)
    }

    @Test("padding beside a row changes none of its logits")
    func padding() throws {
        let graph = try TinyEncoder().exported()
        let rows = [[3, 1, 4, 1, 5, 9, 2, 6], [5, 3], [8, 9, 7, 9]]
        let together = try logits(rows, of: graph)
        let alone = try rows.map { try logits([$0], of: graph) }
        for (index, column) in together.enumerated() {
            let expected = alone.flatMap { $0[index] }
            #expect(zip(column, expected).allSatisfy { abs($0 - $1) < 1e-9 })
        }
        #expect(together[0] != together[1])
    }

    @Test("segments count, unless the model has only one or none")
    func segments() throws {
        let row = [[3, 1, 4, 1]]
        let two = try TinyEncoder().exported()
        var changed = inputs(row, of: two)
        let before = try two.run(changed)
        changed["token_type_ids"] = changed["token_type_ids"].map { NumberArray($0.shape, [0, 0, 0, 0]) }
        #expect(try two.run(changed) != before)
        let one = try TinyEncoder(segments: 1).exported()
        changed = inputs(row, of: one)
        let single = try one.run(changed)
        changed["token_type_ids"] = NumberArray([1, 4], [0, 1, 0, 1])
        #expect(try one.run(changed) == single)
        #expect(
            try TinyEncoder(segments: 0).exported().model.graph.input.map(\.name) == ["input_ids", "attention_mask"])
    }

    @Test("positions behind padding: those of the tokens are the same wherever the padding is")
    func positionsBehindPadding() throws {
        let graph = try TinyEncoder(segments: 0, positions: .behindPadding(id: 1)).exported()
        let right = try logits([[3, 4, 5]], of: graph)
        var left = inputs([[1, 1, 3, 4, 5]], of: graph)
        left["attention_mask"] = NumberArray([1, 5], [0, 0, 1, 1, 1])
        let shifted = try #require(try graph.run(left)["start_logits"])
        #expect(zip(shifted.numbers.suffix(3), right[0]).allSatisfy { abs($0 - $1) < 1e-9 })
        // The first token stands at the padding's id + 1: the positions before it are never read.
        let other = try TinyEncoder(segments: 0, positions: .behindPadding(id: 1)) { name, numbers in
            if name == "position.weight" { numbers.replaceSubrange(0..<16, with: repeatElement(99, count: 16)) }
        }.exported()
        #expect(try logits([[3, 4, 5]], of: other) == right)
    }

    @Test("embeddings that are narrower than the states are widened")
    func narrow() throws {
        let graph = try TinyEncoder(embedded: 4).exported()
        #expect(graph.tensor("projection.weight")?.shape == [4, 8])
        let flat = try TinyEncoder(embedded: 4) { name, numbers in
            if name == "projection.weight" { numbers = numbers.map { _ in 0 } }
        }.exported()
        #expect(try logits([[3, 4, 5]], of: graph) != logits([[3, 4, 5]], of: flat))
    }

    @Test("weights are stored as MatMul reads them")
    func transposed() throws {
        let encoder = try TinyEncoder { name, numbers in
            if name == "layer.0.ff1.weight" { numbers = numbers.indices.map(Float.init) }
        }
        let stored = try #require(try encoder.exported().tensor("layer.0.ff1.weight"))
        #expect(stored.shape == [8, 12])
        #expect(stored.numbers.prefix(3) == [0, 8, 16] && stored.numbers.last == 95)
    }

    @Test("float16 and int8 give nearly the logits of float32, and smaller files")
    func smaller() throws {
        let encoder = try TinyEncoder()
        let rows = [[3, 1, 4, 1, 5, 9, 2, 6], [5, 3]]
        let exact = try logits(rows, of: encoder.exported())
        let half = try encoder.exported { $0.precision = .fp16 }
        let bytes = try encoder.exported { $0.int8 = true }
        let weights = ["layer.0.q.weight", "layer.0.q.weight_quantized"]
        #expect(half.model.graph.initializer.first { $0.name == weights[0] }?.rawData.count == 2 * 64)
        #expect(bytes.model.graph.initializer.first { $0.name == weights[1] }?.rawData.count == 64)
        #expect(!bytes.model.graph.initializer.contains { $0.name == weights[0] })
        for (graph, limit) in [(half, 5e-3), (bytes, 0.2)] {
            let found = try logits(rows, of: graph)
            let difference = zip(found.joined(), exact.joined()).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference > 1e-6 && difference < limit, "\(difference)")
        }
    }

    @Test("int8: each output has the scale by which its largest weight becomes 127; an output without weights stays 0")
    func scales() throws {
        let graph = try TinyEncoder { name, numbers in
            guard name == "layer.0.q.weight" else { return }
            numbers = numbers.indices.map { $0 < 8 ? 0 : Float($0) }
        }.exported { $0.int8 = true }
        let scales = try #require(graph.tensor("layer.0.q.weight_scale"))
        let expected = [1] + (1..<8).map { output in Double(Float(8 * output + 7) / 127) }
        #expect(scales.numbers == expected)
        let numbers = try #require(graph.tensor("layer.0.q.weight_quantized"))
        #expect(numbers.shape == [8, 8] && numbers.numbers.max() == 127)
        #expect(stride(from: 0, to: 64, by: 8).allSatisfy { numbers.numbers[$0] == 0 })
        for (row, column) in [(0, 7), (3, 4)] {
            let weight = numbers.numbers[8 * row + column] * scales.numbers[column]
            #expect(abs(weight - Double(8 * column + row)) < 0.3)
        }
    }
}
