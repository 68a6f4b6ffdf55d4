/// Which rows of the table of positions the tokens of a row take.
package enum PositionNumbering: Sendable, Hashable {
    /// 0, 1, 2, ...
    case fromZero
    /// RoBERTa's: from the padding's id + 1 on. A padding token, which a text may spell out, is not counted and has its
    /// id as position.
    ///
    /// - Source: `create_position_ids_from_input_ids` of transformers 5.23.0, modeling_roberta.py#L142
    case afterPadding(id: Int)

    /// The position of a row's first token.
    package var first: Int {
        switch self {
        case .fromZero: 0
        case .afterPadding(let id): id + 1
        }
    }

    /// The positions of the tokens of rows, one row after another.
    func positions(of ids: [Int64], lengths: [Int]) -> [Int64] {
        guard case .afterPadding(let padding) = self else { return lengths.flatMap { (0..<Int64($0)).map { $0 } } }
        var positions: [Int64] = []
        positions.reserveCapacity(ids.count)
        var start = 0
        for length in lengths {
            var last = Int64(padding)
            for id in ids[start..<(start + length)] {
                if id != padding { last += 1 }
                positions.append(id == padding ? Int64(padding) : last)
            }
            start += length
        }
        return positions
    }
}
