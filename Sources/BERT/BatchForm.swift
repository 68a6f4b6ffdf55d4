import Torch

/// The shape that batches are brought to so that one recorded graph serves all of its form: their tokens are filled up
/// to a multiple of 256 by a last row that counts as nothing, and no row is longer than a bound.
///
/// All numbers of a batch are one int64 vector, so that one copy brings them to the device: ids, segments and positions
/// of the tokens, then where the rows begin and T, then the first and last token of each row's answer.
///
/// Legend: T tokens with the filler, B rows without it.
package struct BatchForm: Sendable, Hashable {
    /// What the number of tokens is a multiple of.
    package static var unit: Int { 256 }

    /// The number of tokens, T.
    package let tokens: Int
    /// The number of rows, B; some of them may have no tokens.
    package let rows: Int
    /// The most tokens that a row may have, the filler included.
    package let longest: Int

    /// The form of a batch with so many tokens in all rows; at least one token is filler.
    ///
    /// - Parameters:
    ///   - rows: at least 1.
    ///   - longest: at least the tokens of the longest row.
    package init(tokens: Int, rows: Int, longest: Int) {
        self.tokens = (tokens / Self.unit + 1) * Self.unit
        (self.rows, self.longest) = (rows, max(longest, Self.unit))
    }

    /// The numbers of a batch.
    package var numberCount: Int { 3 * tokens + rows + 2 + 2 * rows }

    /// The numbers of a batch of this form.
    ///
    /// - Parameters:
    ///   - lengths: the tokens of each row, at most B of them; rows without tokens follow.
    ///   - targets: first and last token of each row's answer, two numbers a row; empty where none are needed.
    package func numbers(
        ids: [Int64], typeIDs: [Int64], lengths: [Int], targets: [Int64], numbering: PositionNumbering
    ) -> [Int64] {
        precondition(lengths.count <= rows && ids.count < tokens, "the batch is too large for its form")
        let filler = [Int64](repeating: 0, count: tokens - ids.count)
        var numbers: [Int64] = []
        numbers.reserveCapacity(numberCount)
        numbers += ids + filler
        numbers += typeIDs + filler
        // The filler's positions are all 0: it may be longer than the positions that the model has.
        numbers += numbering.positions(of: ids, lengths: lengths) + filler
        var start: Int64 = 0
        for length in lengths {
            numbers.append(start)
            start += Int64(length)
        }
        // Rows without tokens and the filler.
        numbers += [Int64](repeating: start, count: rows - lengths.count + 1)
        numbers.append(Int64(tokens))
        return numbers + targets + [Int64](repeating: 0, count: 2 * rows - targets.count)
    }
}
