import CTorch

/// The rows of a packed batch: where each begins, and the key that its dropout mask is drawn from.
///
/// A batch is the concatenation of its rows, without padding. With T tokens in B rows, everything but attention works
/// on `[T, H]`; attention and the loss take the row starts.
package struct PackedRows {
    /// Where each row begins, then T: int64 [B + 1], on the CPU.
    package let starts: Tensor
    /// A number for each row that stays the same whatever batch the row is in: int64 [B], on the CPU.
    package let keys: Tensor
    /// The row starts on the GPU that the batch is for, int32 [B + 1]: made once here, and not in each layer. Nil
    /// elsewhere.
    package let deviceStarts: Tensor?
    /// The number of rows, B.
    package let count: Int
    /// The number of tokens, T.
    package let tokenCount: Int

    /// Rows of the given lengths, each at least 1. `keys` are 0, 1, 2, ... if none are given.
    ///
    /// - Parameter device: where the operations on these rows will run.
    package init(lengths: [Int], keys: [Int64]? = nil, device: Device = .cpu) throws(TorchError) {
        var starts: [Int64] = [0]
        for length in lengths {
            starts.append((starts.last ?? 0) + Int64(length))
        }
        self.starts = try Tensor.of(starts)
        self.keys = try Tensor.of(keys ?? lengths.indices.map(Int64.init))
        deviceStarts = device == .cuda ? try self.starts.to(.int32).to(device) : nil
        count = lengths.count
        tokenCount = Int(starts.last ?? 0)
    }

    /// Rows that only their device knows: the host has made up some of the same number, whose longest has `longest`
    /// tokens or as many as there can be. Operations on a GPU take no more of it than that; dropout must be drawn from
    /// one seed (`Device.drawing`).
    ///
    /// - Parameters:
    ///   - count: the number of rows, at most that of the tokens.
    ///   - longest: the most tokens that a row may have.
    ///   - deviceStarts: int32 [count + 1].
    package init(count: Int, tokenCount: Int, longest: Int, deviceStarts: Tensor) throws(TorchError) {
        precondition(count >= 1 && count <= tokenCount, "each row that is made up has a token")
        var (lengths, left) = ([Int](repeating: 1, count: count), tokenCount - count)
        for row in 0..<count where left > 0 {
            let more = min(longest - 1, left)
            lengths[row] += more
            left -= more
        }
        precondition(left == 0, "the tokens do not fit into so many rows")
        starts = try Tensor.of(lengths.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64($1)) })
        keys = try Tensor.of(lengths.indices.map(Int64.init))
        (self.deviceStarts, self.count, self.tokenCount) = (deviceStarts, count, tokenCount)
    }
}

/// How much to drop, and from which stream of random numbers.
package struct Dropout: Sendable, Hashable {
    /// The probability of dropping an element, at least 0 and below 1.
    package let probability: Double
    /// What the mask is drawn from, together with each row's key.
    package let seed: UInt64

    /// Dropout of `probability` with masks from `seed`.
    package init(probability: Double, seed: UInt64) {
        self.probability = probability
        self.seed = seed
    }

    /// No dropout.
    package static let none = Dropout(probability: 0, seed: 0)
}

/// The parameters of a layer norm.
package struct NormParameters {
    /// The factors of the normalised numbers, [H].
    package let scale: Tensor
    /// The summands after that, [H].
    package let shift: Tensor
    /// Added to the variance.
    package let epsilon: Double

    /// A layer norm with these parameters.
    package init(scale: Tensor, shift: Tensor, epsilon: Double) {
        self.scale = scale
        self.shift = shift
        self.epsilon = epsilon
    }
}

extension Tensor {
    /// Multi-head self-attention inside each row, `self` being the queries: softmax(q kᵀ / √D) v, over
    /// [T, heads * D].
    ///
    /// On CUDA it is flash attention, or memory-efficient attention in float32, whose dropout masks come from the
    /// device's generator: seeded from `dropout` and the first row's key, they depend on a row's place in the batch.
    package func packedAttention(
        keys: Tensor, values: Tensor, rows: PackedRows, heads: Int, dropout: Dropout
    ) throws(TorchError) -> Tensor {
        try Tensor.make("packedAttention", [self, keys, values]) {
            ct_packed_attention(
                handle, keys.handle, values.handle, rows.starts.handle, rows.keys.handle, rows.deviceStarts?.handle,
                Int32(heads), dropout.probability, dropout.seed, $0)
        }
    }

    /// The same as `packedAttention` by libtorch's plain operations, slower: what the kernel is tested against.
    package func packedAttentionPlain(
        keys: Tensor, values: Tensor, rows: PackedRows, heads: Int, dropout: Dropout
    ) throws(TorchError) -> Tensor {
        try Tensor.make("packedAttentionPlain", [self, keys, values]) {
            ct_packed_attention_plain(
                handle, keys.handle, values.handle, rows.starts.handle, rows.keys.handle, Int32(heads),
                dropout.probability, dropout.seed, $0)
        }
    }

    /// Dropout over [T, H]; kept elements are divided by the probability of keeping one.
    package func packedDropout(_ dropout: Dropout, rows: PackedRows) throws(TorchError) -> Tensor {
        if dropout.probability == 0 { return self }
        return try Tensor.make("packedDropout", [self]) {
            ct_packed_dropout(
                handle, rows.starts.handle, rows.keys.handle, dropout.probability, dropout.seed, $0)
        }
    }

    /// The same numbers as those of `packedDropout` by libtorch's operations: what MPS runs, and slower on the CPU.
    package func packedDropoutPlain(_ dropout: Dropout, rows: PackedRows) throws(TorchError) -> Tensor {
        try Tensor.make("packedDropoutPlain", [self]) {
            ct_packed_dropout_plain(
                handle, rows.starts.handle, rows.keys.handle, dropout.probability, dropout.seed, $0)
        }
    }

    /// GELU, by the error function, of `self` + `bias`, [T, O] and [O].
    package func biasGelu(_ bias: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make("biasGelu", [self, bias]) { ct_bias_gelu(handle, bias.handle, $0) }
    }

    /// The same as `biasGelu` by libtorch's plain operations, slower: what GPUs run and the kernel is tested against.
    package func biasGeluPlain(_ bias: Tensor) throws(TorchError) -> Tensor {
        try Tensor.make("biasGeluPlain", [self, bias]) { ct_bias_gelu_plain(handle, bias.handle, $0) }
    }

    /// Layer norm of `residual` + dropout(`self` + `bias`), all [T, H] but the bias, [H].
    ///
    /// - Parameter rounded: whether the result is wanted in 16 bits as well.
    /// - Returns: the result in the type of `residual`, and its copy if wanted: float16 if `self` is, else bfloat16.
    package func addNorm(
        bias: Tensor?, residual: Tensor, norm: NormParameters, dropout: Dropout, rows: PackedRows, rounded: Bool
    ) throws(TorchError) -> (full: Tensor, rounded: Tensor?) {
        try addNorm("addNorm", ct_add_norm, bias, residual, norm, dropout, rows, rounded)
    }

    /// The same as `addNorm` by libtorch's plain operations, slower: what GPUs run and the kernel is tested against.
    package func addNormPlain(
        bias: Tensor?, residual: Tensor, norm: NormParameters, dropout: Dropout, rows: PackedRows, rounded: Bool
    ) throws(TorchError) -> (full: Tensor, rounded: Tensor?) {
        try addNorm("addNormPlain", ct_add_norm_plain, bias, residual, norm, dropout, rows, rounded)
    }

    private typealias AddNorm = (
        OpaquePointer?, OpaquePointer?, OpaquePointer?, OpaquePointer?, OpaquePointer?, OpaquePointer?, OpaquePointer?,
        Double, UInt64, Double, UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>?
    ) -> CTStatus

    private func addNorm(
        _ name: String, _ call: AddNorm, _ bias: Tensor?, _ residual: Tensor, _ norm: NormParameters,
        _ dropout: Dropout, _ rows: PackedRows, _ rounded: Bool
    ) throws(TorchError) -> (full: Tensor, rounded: Tensor?) {
        var low: OpaquePointer?
        let full = try Tensor.make(name, [self, residual, norm.scale]) { out in
            withUnsafeMutablePointer(to: &low) { low in
                call(
                    handle, bias?.handle, residual.handle, norm.scale.handle, norm.shift.handle, rows.starts.handle,
                    rows.keys.handle, dropout.probability, dropout.seed, norm.epsilon, out, rounded ? low : nil)
            }
        }
        return (full, low.map(Tensor.init(owning:)))
    }

    /// The span loss of logits [T, 2] (start, end): the cross entropies of both targets of each row, over the row's own
    /// tokens, summed and divided by 2 * `rowDivisor`; with the number of rows as divisor, transformers' loss.
    ///
    /// - Parameter targets: int64 [B, 2] on the CPU, token positions inside each row.
    package func packedSpanLoss(
        rows: PackedRows, targets: Tensor, rowDivisor: Double
    ) throws(TorchError) -> Tensor {
        try Tensor.make("packedSpanLoss", [self, targets]) {
            ct_packed_span_loss(handle, rows.starts.handle, targets.handle, rowDivisor, $0)
        }
    }

    /// The same as `packedSpanLoss` by libtorch's operations: what GPUs run, without the host waiting for them.
    package func packedSpanLossPlain(
        rows: PackedRows, targets: Tensor, rowDivisor: Double
    ) throws(TorchError) -> Tensor {
        try Tensor.make("packedSpanLossPlain", [self, targets]) {
            ct_packed_span_loss_plain(handle, rows.starts.handle, targets.handle, rowDivisor, $0)
        }
    }

    /// The span loss of labels that are more than one place; see `SoftSpanLabels`.
    package func packedSoftSpanLoss(
        rows: PackedRows, labels: SoftSpanLabels, rowDivisor: Double
    ) throws(TorchError) -> Tensor {
        let teacher = labels.teacher
        return try Tensor.make("packedSoftSpanLoss", [self, labels.places]) {
            ct_packed_soft_span_loss(
                handle, rows.starts.handle, labels.places.handle, labels.smoothing, teacher?.shares.handle,
                teacher?.temperature ?? 1, teacher?.weight ?? 0, rowDivisor, $0)
        }
    }
}

/// What the rows of a packed batch are to answer, where that is more than one place.
package struct SoftSpanLabels {
    /// The places that are right: above 0 there, float32 [T, 2], on the CPU unless said otherwise. Their
    /// probabilities count together.
    package let places: Tensor
    /// How much of the label goes to all tokens of the row alike, at least 0 and below 1.
    package let smoothing: Double
    /// The distributions of a teacher; nil without one.
    package let teacher: Teacher?

    /// What a teacher makes of the rows.
    package struct Teacher {
        /// Its shares of the starts and ends, float32 [T, 2], where the places are; those of a row sum to 1 in each
        /// column.
        package let shares: Tensor
        /// What logits are divided by.
        package let temperature: Double
        /// How much the teacher counts beside the places, 0 to 1.
        package let weight: Double

        /// A teacher's distributions at a temperature.
        package init(shares: Tensor, temperature: Double, weight: Double) {
            (self.shares, self.temperature, self.weight) = (shares, temperature, weight)
        }
    }

    /// Labels of these places.
    package init(places: Tensor, smoothing: Double = 0, teacher: Teacher? = nil) {
        (self.places, self.smoothing, self.teacher) = (places, smoothing, teacher)
    }
}
