import QuestionAnswering

/// Rows of several files, each seen as often as its weight says.
package struct TrainingMix: Sendable {
    /// The rows of one file.
    struct Part: Sendable {
        /// Their numbers among all rows.
        let rows: Range<Int>
        /// How often an epoch has each row.
        let weight: Double

        /// How many times every epoch has all of them.
        private var rounds: Int { Int(weight) }
        /// How many more of them an epoch has.
        private var extra: Int { Int(((weight - weight.rounded(.down)) * Double(rows.count)).rounded()) }
        /// The rows of an epoch.
        var count: Int { rounds * rows.count + extra }

        /// The rows of an epoch. If an epoch has less than all rows, the next one continues where it ended, so that no
        /// row is repeated before all others were seen.
        func rows(seed: UInt64, epoch: Int) -> [Int] {
            var numbers = (0..<rounds).flatMap { _ in Array(rows) }
            var order: (cycle: Int, rows: [Int]) = (-1, [])
            for place in (epoch * extra)..<((epoch + 1) * extra) {
                let cycle = place / rows.count
                if cycle != order.cycle {
                    order = (cycle, DataOrder.permutation(count: rows.count, seed: ~seed, epoch: cycle))
                }
                numbers.append(rows.lowerBound + order.rows[place % rows.count])
            }
            return numbers
        }
    }

    private(set) var parts: [Part] = []

    /// The rows of an epoch.
    package var rowsPerEpoch: Int { parts.reduce(0) { $0 + $1.count } }

    /// Adds the rows of a file after those of the others.
    mutating func append(count: Int, weight: Double) {
        let start = parts.last?.rows.upperBound ?? 0
        parts.append(Part(rows: start..<(start + count), weight: weight))
    }

    /// The numbers of an epoch's rows in the order in which they are trained on: a function of (seed, epoch).
    package func order(seed: UInt64, epoch: Int) -> [Int] {
        let order = DataOrder.permutation(count: rowsPerEpoch, seed: seed, epoch: epoch)
        if parts.count == 1, parts[0].weight == 1 { return order }
        let numbers = parts.flatMap { $0.rows(seed: seed, epoch: epoch) }
        return order.map { numbers[$0] }
    }
}
