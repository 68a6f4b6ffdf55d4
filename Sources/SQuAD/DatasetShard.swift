/// A part of a dataset, such as the second of five; written `2/5`.
///
/// The parts are runs of whole paragraphs in the order of the file, and take about the same work to answer. They depend
/// on the file and on the number of parts alone.
package struct DatasetShard: Sendable, Hashable, CustomStringConvertible {
    /// Which part, from 1.
    package let number: Int
    /// How many parts there are.
    package let count: Int

    /// The most parts; far more than anybody has machines.
    private static let mostParts = 1_000_000

    /// All of it.
    package static let whole = DatasetShard(number: 1, count: 1)

    private init(number: Int, count: Int) {
        (self.number, self.count) = (number, count)
    }

    /// A part that is written as `I/N`; nil if it is not, or I is not between 1 and N.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]), number >= 1, number <= count,
            count <= Self.mostParts
        else {
            return nil
        }
        self.init(number: number, count: count)
    }

    /// As it is written.
    package var description: String { "\(number)/\(count)" }

    /// The numbers of the questions that belong to the part, in the order of the file; empty if a dataset has fewer
    /// paragraphs than parts.
    ///
    /// - Throws: `DatasetError` as `Dataset(path:)` does.
    package func questions(of path: String, extent: DatasetExtent) throws(DatasetError) -> Range<Int> {
        if count == 1 { return 0..<extent.questions }
        var stream = try ParagraphStream(path: path)
        var (question, work) = (0, 0)
        var range: Range<Int>?
        while let paragraph = try stream.next() {
            let weight = DatasetExtent.work(paragraph)
            let end = question + paragraph.questions.count
            let part = part(of: work, weight, in: extent.work)
            if part == number, end > question { range = (range?.lowerBound ?? question)..<end }
            // Parts without a question of their own begin and end where the next one begins.
            if part > number { return range ?? question..<question }
            (question, work) = (end, work + weight)
        }
        return range ?? question..<question
    }

    /// The part that the middle of a paragraph falls into, from 1.
    private func part(of work: Int, _ weight: Int, in total: Int) -> Int {
        let middle = UInt128(2 * work + weight) * UInt128(count) / UInt128(max(1, 2 * total))
        return min(count, Int(middle) + 1)
    }
}
