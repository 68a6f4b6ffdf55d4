import Torch

/// A packed batch: the concatenation of its rows, without padding between them.
///
/// At its end may be a filler of up to 3 per cent, a row of its own that nothing reads. It makes T one of few numbers,
/// because a library that compiles a matrix product for each shape then compiles and keeps few of them.
package struct EncoderInput {
    /// Token ids, int64 [T].
    package let ids: Tensor
    /// Segments, 0 for question and 1 for context, int64 [T]; a family without segments does not read them.
    package let typeIDs: Tensor
    /// The rows of the table of positions, int64 [T].
    package let positions: Tensor
    /// How the positions are numbered, which must be the model's way.
    package let numbering: PositionNumbering
    /// Where the rows begin, without the filler.
    package let rows: PackedRows
    /// Where the rows begin, with the filler.
    package let filledRows: PackedRows

    /// A batch of rows with the given lengths, whose ids and types are concatenated.
    ///
    /// - Parameter numbering: the model's `EncoderConfig.positions`.
    package init(
        ids: [Int64], typeIDs: [Int64], lengths: [Int], rowKeys: [Int64]? = nil,
        numbering: PositionNumbering = .fromZero, device: Device = .cpu
    ) throws(TorchError) {
        let filler = Self.filler(ids.count)
        let padding = [Int64](repeating: 0, count: filler)
        self.ids = try Tensor.of(ids + padding).to(device)
        self.typeIDs = try Tensor.of(typeIDs + padding).to(device)
        let filled = filler > 0 ? lengths + [filler] : lengths
        // The filler's positions are all 0: it may be longer than the positions that the model has.
        positions = try Tensor.of(numbering.positions(of: ids, lengths: lengths) + padding).to(device)
        self.numbering = numbering
        rows = try PackedRows(lengths: lengths, keys: rowKeys, device: device)
        let keys = rowKeys.map { filler > 0 ? $0 + [-1] : $0 }
        filledRows = filler > 0 ? try PackedRows(lengths: filled, keys: keys, device: device) : rows
    }

    /// A batch whose numbers are on the device, its filler being the last of the rows.
    init(ids: Tensor, typeIDs: Tensor, positions: Tensor, numbering: PositionNumbering, rows: PackedRows) {
        (self.ids, self.typeIDs, self.positions, self.numbering) = (ids, typeIDs, positions, numbering)
        (self.rows, filledRows) = (rows, rows)
    }

    /// The number of tokens that bring a batch to a multiple of a 32nd of the power of two below it, and of 16 at
    /// least.
    package static func filler(_ tokens: Int) -> Int {
        guard tokens > 0 else { return 0 }
        let power = 1 << (Int.bitWidth - 1 - tokens.leadingZeroBitCount)
        let step = max(16, power / 32)
        return (step - tokens % step) % step
    }
}
