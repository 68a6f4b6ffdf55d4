import Checkpoints

// Legend: B rows, S tokens in each, padding included, E width of the embeddings, H hidden size, N heads, D = H / N.

/// The graph of an encoder with its head, from padded rows of ids to the logits of start and end.
///
/// The arithmetic is that of `EncoderModel`; the nodes are in the order and the form in which ONNX Runtime recognises
/// attention, GELU and residual norms and computes each of them at once.
struct EncoderGraph {
    /// Inputs, all int64 [B, S], under the names that transformers' tokenizers and optimum use.
    let inputs: [String]
    /// Outputs, float32 [B, S].
    static let outputs = ["start_logits", "end_logits"]

    let nodes: [ONNXNodeProto]
    let tensors: [StoredTensor]

    /// - Throws: `ExportError` for a parameter that is not there.
    init(
        _ encoder: EncoderDescription, parameters: [String: TensorView], options: ExportOptions
    ) throws(ExportError) {
        inputs = [Self.ids, Self.mask] + (encoder.takesSegments ? [Self.segments] : [])
        var builder = EncoderGraphBuilder(
            encoder: encoder, graph: GraphBuilder(parameters: parameters, options: options))
        try builder.build()
        (nodes, tensors) = (builder.graph.nodes, builder.graph.tensors)
    }

    static let ids = "input_ids"
    static let mask = "attention_mask"
    static let segments = "token_type_ids"
}

/// Adds the nodes of an encoder, part by part.
private struct EncoderGraphBuilder {
    typealias Value = GraphBuilder.Value

    let encoder: EncoderDescription
    var graph: GraphBuilder

    mutating func build() throws(ExportError) {
        var x = try embeddings()
        let mask = maskToAdd()
        for layer in encoder.layers {
            x = try self.layer(layer, x, mask: mask)
        }
        try head(x)
    }

    // MARK: Embeddings

    /// [B, S] to [B, S, H].
    private mutating func embeddings() throws(ExportError) -> Value {
        let parts = encoder.embeddings
        var x = try look(up: EncoderGraph.ids, in: parts.word)
        if let segment = parts.segment {
            x = graph.node("Add", [x, try segments(segment)], at: segment)
        }
        x = graph.node("Add", [x, try positions(parts.position)], at: parts.position)
        x = try norm(parts.norm, x)
        return try parts.projection.map { projection throws(ExportError) in try linear(projection, x) } ?? x
    }

    /// The vectors of a table, [B, S, E].
    private mutating func look(up ids: Value, in scope: String) throws(ExportError) -> Value {
        graph.node("Gather", [try graph.parameter("\(scope).weight"), ids], at: scope)
    }

    /// The vectors of segments. Where there is only one segment, both texts get its vector, [1, E].
    private mutating func segments(_ scope: String) throws(ExportError) -> Value {
        if encoder.takesSegments, try graph.shape("\(scope).weight")[0] > 1 {
            return try look(up: EncoderGraph.segments, in: scope)
        }
        return graph.node(
            "Gather", [try graph.parameter("\(scope).weight"), graph.integers([0], isScalar: true)], at: scope)
    }

    /// The vectors of positions, [B, S, E]. They are looked up for each row, though all rows may have the same: where a
    /// slice of the table was added, ONNX Runtime would not know the lengths any more, and not join sums and norms.
    private mutating func positions(_ scope: String) throws(ExportError) -> Value {
        var ids: Value
        switch encoder.positions {
        case .places:
            let ones = whole(graph.node("Equal", [EncoderGraph.ids, EncoderGraph.ids], at: scope), at: scope)
            ids = cumulative(ones, at: scope, [.int("exclusive", 1)])
        case .behindPadding(let id):
            let padding = graph.integers([id], isScalar: true)
            let isPadding = graph.node("Equal", [EncoderGraph.ids, padding], at: scope)
            let isToken = whole(graph.node("Not", [isPadding], at: scope), at: scope)
            ids = graph.node("Mul", [cumulative(isToken, at: scope), isToken], at: scope)
            ids = graph.node("Add", [ids, padding], at: "\(scope)/ids")
        }
        return try look(up: ids, in: scope)
    }

    /// 0 and 1 for truth values.
    private mutating func whole(_ x: Value, at place: String) -> Value {
        graph.node("Cast", [x], at: place, [.int("to", StoredTensor.ElementType.int64.rawValue)])
    }

    /// The sum of all elements of a row up to each, [B, S].
    private mutating func cumulative(
        _ x: Value, at place: String, _ attributes: [ONNXAttributeProto] = []
    ) -> Value {
        graph.node("CumSum", [x, graph.integers([1], isScalar: true)], at: place, attributes)
    }

    // MARK: Layers

    /// What is added to the scores of attention: 0 where a row has a token, and a large negative number for padding,
    /// [B, 1, 1, S].
    private mutating func maskToAdd() -> Value {
        let row = graph.node("Unsqueeze", [EncoderGraph.mask, graph.integers([1])], at: "mask/rows")
        let plane = graph.node("Unsqueeze", [row, graph.integers([2])], at: "mask/heads")
        let isToken = graph.node("Cast", [plane], at: "mask", [.int("to", graph.numberType.rawValue)])
        let isPadding = graph.node("Sub", [graph.constant(1, named: "one"), isToken], at: "mask")
        // In float16 the sum with a score must not overflow.
        let low = graph.options.precision == .fp32 ? -Double(Float.greatestFiniteMagnitude) : -10_000
        return graph.node("Mul", [isPadding, graph.constant(low, named: "mask/low")], at: "mask")
    }

    /// [B, S, H] to [B, S, H].
    private mutating func layer(
        _ layer: EncoderDescription.Layer, _ x: Value, mask: Value
    ) throws(ExportError) -> Value {
        let read = operand(x, at: layer.query)
        let attended = try attention(layer, read, mask: mask)
        let attentionOutput = try linear(layer.attentionOutput, operand(attended, at: layer.attentionOutput))
        let sum = graph.node("Add", [attentionOutput, x], at: "\(layer.attentionNorm)/sum")
        let y = try norm(layer.attentionNorm, sum)
        let inner = gelu(
            try linear(layer.intermediate, operand(y, at: layer.intermediate)), at: "\(layer.intermediate)/gelu")
        let output = try linear(layer.output, operand(inner, at: layer.output))
        return try norm(layer.outputNorm, graph.node("Add", [output, y], at: "\(layer.outputNorm)/sum"))
    }

    /// [B, S, H] to [B, S, H], without the output projection.
    private mutating func attention(
        _ layer: EncoderDescription.Layer, _ x: Value, mask: Value
    ) throws(ExportError) -> Value {
        let hiddenSize = try graph.shape("\(layer.query).weight")[0]
        let headSize = hiddenSize / encoder.headCount
        let query = try heads(layer.query, x, headSize, [0, 2, 1, 3])  // [B, N, S, D]
        let key = try heads(layer.key, x, headSize, [0, 2, 3, 1])  // [B, N, D, S]
        let value = try heads(layer.value, x, headSize, [0, 2, 1, 3])  // [B, N, S, D]
        let place = "\(layer.attentionOutput)/attention"
        let products = graph.node("MatMul", [query, key], at: "\(place)/scores")  // [B, N, S, S]
        let root = graph.constant(Double(headSize).squareRoot(), named: "head_size/root")
        let scores = graph.node("Add", [graph.node("Div", [products, root], at: place), mask], at: place)
        let weights = graph.node("Softmax", [scores], at: place, [.int("axis", -1)])
        let sums = graph.node("MatMul", [weights, value], at: "\(place)/sums")  // [B, N, S, D]
        let rows = graph.node("Transpose", [sums], at: place, [.ints("perm", [0, 2, 1, 3])])
        return graph.node("Reshape", [rows, graph.integers([0, 0, hiddenSize])], at: place)
    }

    /// A projection, taken apart into heads.
    private mutating func heads(
        _ scope: String, _ x: Value, _ headSize: Int, _ order: [Int]
    ) throws(ExportError) -> Value {
        let shape = graph.integers([0, 0, encoder.headCount, headSize])
        let heads = graph.node("Reshape", [try linear(scope, x), shape], at: scope)
        return graph.node("Transpose", [heads], at: scope, [.ints("perm", order)])
    }

    // MARK: Parts

    /// x W + b, with the weights in 8-bit integers where the operand was made for them.
    private mutating func linear(_ scope: String, _ x: Value) throws(ExportError) -> Value {
        let name = "\(scope).weight"
        let weight = graph.options.int8 && isLayer(scope) ? try graph.quantizedMatrix(name) : try graph.matrix(name)
        let product = graph.node("MatMul", [x, weight], at: scope)
        return graph.node("Add", [product, try graph.parameter("\(scope).bias")], at: scope)
    }

    /// Head and embeddings stay as they are: they cost little, and the head's scores are compared.
    private func isLayer(_ scope: String) -> Bool { scope != encoder.head && scope != encoder.embeddings.projection }

    /// What a layer multiplies with its weight. For int8 these are bytes with one scale, found while the graph runs,
    /// that just holds all of them and 0; `DequantizeLinear` says so to whoever reads the graph as real numbers.
    private mutating func operand(_ x: Value, at place: String) -> Value {
        guard graph.options.int8 else { return x }
        let name = "\(place)/input"
        let bytes = ["\(name)/quantized", "\(name)/scale", "\(name)/zero_point"]
        graph.add("DynamicQuantizeLinear", [x], outputs: bytes, name: "\(name)/DynamicQuantizeLinear")
        return graph.node("DequantizeLinear", bytes, at: name)
    }

    /// x (1 + erf(x / sqrt 2)) / 2.
    private mutating func gelu(_ x: Value, at place: String) -> Value {
        let scaled = graph.node("Div", [x, graph.constant(2.squareRoot(), named: "two/root")], at: place)
        let erf = graph.node("Erf", [scaled], at: place)
        let share = graph.node("Add", [erf, graph.constant(1, named: "one")], at: place)
        let product = graph.node("Mul", [x, share], at: place)
        return graph.node("Mul", [product, graph.constant(0.5, named: "half")], at: "\(place)/half")
    }

    private mutating func norm(_ scope: String, _ x: Value) throws(ExportError) -> Value {
        let parameters = (try graph.parameter("\(scope).weight"), try graph.parameter("\(scope).bias"))
        return graph.node(
            "LayerNormalization", [x, parameters.0, parameters.1], at: scope,
            [.int("axis", -1), .float("epsilon", encoder.layerNormEpsilon)])
    }

    /// The logits of start and end, each [B, S] in float32.
    private mutating func head(_ x: Value) throws(ExportError) {
        var logits = try linear(encoder.head, x)  // [B, S, 2]
        if graph.numberType != .float {
            logits = graph.node(
                "Cast", [logits], at: encoder.head, [.int("to", StoredTensor.ElementType.float.rawValue)])
        }
        let columns = EncoderGraph.outputs.map { "\(encoder.head)/\($0)" }
        graph.add(
            "Split", [logits, graph.integers([1, 1])], outputs: columns, name: "\(encoder.head)/Split",
            [.int("axis", -1)])
        for (column, output) in zip(columns, EncoderGraph.outputs) {
            graph.add("Squeeze", [column, graph.integers([-1])], outputs: [output], name: "\(column)/Squeeze")
        }
    }
}
