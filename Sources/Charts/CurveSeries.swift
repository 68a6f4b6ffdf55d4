/// One line of a panel: a value for each epoch, some of which may be missing or not finite.
struct CurveSeries {
    let name: String
    let color: String
    let values: [Double?]
    /// Digits behind the point in its label.
    let digits: Int

    /// The epoch's value, counted from 1, where it can be drawn.
    func value(epoch: Int) -> Double? {
        guard values.indices.contains(epoch - 1), let value = values[epoch - 1], value.isFinite else { return nil }
        return value
    }

    var drawable: [(epoch: Int, value: Double)] {
        values.indices.compactMap { index in value(epoch: index + 1).map { (index + 1, $0) } }
    }
}
