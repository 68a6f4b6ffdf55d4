import Foundation

/// The range of an axis and its ticks, on round numbers.
struct AxisScale {
    /// The ticks from the lowest to the highest; the axis ends at the outer two.
    let ticks: [Double]
    /// Digits after the point that distinguish the ticks.
    let digits: Int

    var lowest: Double { ticks.first ?? 0 }
    var highest: Double { ticks.last ?? 1 }

    /// The scale that holds all finite values with about `count` steps.
    ///
    /// - Parameters:
    ///   - floor: a number that must be on the axis as well, such as 0.
    ///   - limit: where the axis ends at the latest, such as 100 for percentages.
    init(holding values: [Double], count: Int = 5, floor: Double? = nil, limit: Double = .greatestFiniteMagnitude) {
        let finite = (values + (floor.map { [$0] } ?? [])).filter(\.isFinite)
        let low = finite.min() ?? 0
        let high = finite.max() ?? 1
        // A flat curve still needs an axis: as wide as a tenth of what it shows.
        let span = high > low ? high - low : max(abs(high) * 0.1, 0.1)
        let step = Self.roundStep(atLeast: span / Double(max(1, count)))
        let first = (low / step).rounded(.down)
        var last = (high / step).rounded(.up)
        if last - first < 2 { last = first + 2 }
        let shift = max(0, ((last * step - limit) / step).rounded(.up))
        // Past the limit the axis grows downwards instead, if the values allow it.
        let isOver = shift > 0 && high <= limit
        ticks = stride(from: isOver ? first - shift : first, through: isOver ? last - shift : last, by: 1).map {
            $0 * step
        }
        digits = max(0, Int((-log10(step) + 1e-9).rounded(.up)))
    }

    /// 1, 2 or 5 times a power of ten.
    private static func roundStep(atLeast raw: Double) -> Double {
        let power = pow(10, log10(raw).rounded(.down))
        let factor = [1.0, 2, 5].first { $0 * power >= raw * 0.999 } ?? 10
        return factor * power
    }

    func label(_ tick: Double) -> String { fixed(tick == 0 ? 0 : tick, digits) }

    /// Where a value lies between the ends of the axis, 0 to 1.
    func share(_ value: Double) -> Double {
        guard value.isFinite, highest > lowest else { return 0 }
        return min(1, max(0, (value - lowest) / (highest - lowest)))
    }
}
