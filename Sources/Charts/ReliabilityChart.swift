import Foundation

/// The picture of how far scores can be believed: the reliability diagram, and beside it what is right among the
/// answers with the best scores.
package struct ReliabilityChart: Sendable {
    /// The answers whose scores lie between two bounds.
    package struct Bin: Sendable, Hashable {
        /// The bounds, 0 to 1.
        package let lower: Double
        /// See `lower`.
        package let upper: Double
        /// How many answers there are.
        package let count: Int
        /// Their mean score, 0 to 1.
        package let meanScore: Double
        /// The share of them that is right, 0 to 1.
        package let accuracy: Double

        /// A bin with these numbers.
        package init(lower: Double, upper: Double, count: Int, meanScore: Double, accuracy: Double) {
            (self.lower, self.upper, self.count) = (lower, upper, count)
            (self.meanScore, self.accuracy) = (meanScore, accuracy)
        }
    }

    private let bins: [Bin]
    private let coverage: [(share: Double, accuracy: Double)]
    private let error: Double

    /// The picture of these bins, and of the accuracy by the share of questions that are answered.
    ///
    /// - Parameters:
    ///   - coverage: shares of the questions and of right answers, 0 to 1, the smallest share first.
    ///   - error: the expected calibration error.
    package init(bins: [Bin], coverage: [(share: Double, accuracy: Double)], error: Double) {
        (self.bins, self.coverage, self.error) = (bins, coverage, error)
    }

    /// The text of an SVG file, 960 pixels wide.
    package func svg() -> String {
        SVG.document(canvas, title: "Reliability of the scores", description: "\(subtitle). \(table)")
    }

    /// A PNG file of the same picture at twice the resolution.
    package func png() -> Data { PNG.data(canvas) }

    private var canvas: Canvas {
        var canvas = Canvas(width: 960, height: 440)
        canvas.rectangle(x: 0, y: 0, width: 960, height: 440, fill: Palette.paper, radius: 8)
        canvas.text("Reliability of the scores", at: (32, 42), size: 20, color: Palette.ink, isBold: true)
        canvas.text(subtitle, at: (32, 64), size: 13, color: Palette.faint)
        drawDiagram(on: &canvas)
        drawCoverage(on: &canvas)
        return canvas
    }

    private var answers: Int { bins.reduce(0) { $0 + $1.count } }

    private var subtitle: String {
        "\(answers) answers, expected calibration error \(fixed(error, 4)) over \(bins.count) bins"
    }

    /// The numbers of the picture as text.
    private var table: String {
        bins.filter { $0.count > 0 }.map {
            "Score \(fixed($0.lower, 2)) to \(fixed($0.upper, 2)): \($0.count) answers, mean score "
                + "\(fixed($0.meanScore, 3)), exact match \(fixed(100 * $0.accuracy, 1)) %."
        }.joined(separator: " ")
    }

    private typealias Frame = (x: Double, y: Double, width: Double, height: Double)

    private func point(_ x: Double, _ y: Double, in frame: Frame) -> Canvas.Point {
        (frame.x + min(1, max(0, x)) * frame.width, frame.y + frame.height - min(1, max(0, y)) * frame.height)
    }

    /// A bar for each bin, as high as its share of right answers, and as dark as it has many; a dot at its mean score.
    private func drawDiagram(on canvas: inout Canvas) {
        let frame: Frame = (80, 138, 340, 236)
        drawAxes(frame, title: "Exact match by score", across: "score", on: &canvas)
        for bin in bins where bin.count > 0 {
            let (left, top) = point(bin.lower, bin.accuracy, in: frame)
            let right = point(bin.upper, 0, in: frame)
            canvas.rectangle(
                x: left + 0.5, y: top, width: right.x - left - 1, height: right.y - top, fill: Palette.bar)
        }
        canvas.line(
            from: point(0, 0, in: frame), to: point(1, 1, in: frame), color: Palette.validation, width: 1.5,
            dashes: [3, 4])
        let most = Double(max(1, bins.map(\.count).max() ?? 1))
        for bin in bins where bin.count > 0 {
            canvas.circle(
                center: point(bin.meanScore, bin.accuracy, in: frame),
                radius: 2 + 4 * (Double(bin.count) / most).squareRoot(), fill: Palette.f1, stroke: Palette.f1)
        }
    }

    private func drawCoverage(on canvas: inout Canvas) {
        let frame: Frame = (560, 138, 340, 236)
        drawAxes(frame, title: "Exact match of the surest answers", across: "questions answered, %", on: &canvas)
        let points = thinned.map { point($0.share, $0.accuracy, in: frame) }
        if points.count > 1 { canvas.polyline(points, color: Palette.exactMatch, width: 2.5) }
        guard let last = coverage.last else { return }
        let end = point(last.share, last.accuracy, in: frame)
        canvas.circle(center: end, radius: 3.5, fill: Palette.exactMatch, stroke: Palette.exactMatch)
        canvas.text(
            fixed(100 * last.accuracy, 1), at: (end.x + 10, end.y + 4), size: 12, color: Palette.exactMatch)
    }

    /// About as many points as the panel is wide.
    private var thinned: [(share: Double, accuracy: Double)] {
        let step = max(1, coverage.count / 300)
        return coverage.enumerated().filter { $0.offset % step == 0 || $0.offset == coverage.count - 1 }.map(\.element)
    }

    private func drawAxes(_ frame: Frame, title: String, across: String, on canvas: inout Canvas) {
        canvas.text(title, at: (frame.x, frame.y - 34), size: 14, color: Palette.ink, isBold: true)
        let bottom = frame.y + frame.height
        for tick in 0...5 {
            let share = Double(tick) / 5
            let y = point(0, share, in: frame).y
            canvas.line(
                from: (frame.x, y), to: (frame.x + frame.width, y), color: tick == 0 ? Palette.axis : Palette.grid)
            canvas.text("\(20 * tick)", at: (frame.x - 8, y + 4), size: 12, color: Palette.faint, anchor: .end)
            let x = point(share, 0, in: frame).x
            canvas.line(from: (x, bottom), to: (x, bottom + 5), color: Palette.axis)
            canvas.text(
                across == "score" ? fixed(share, 1) : "\(20 * tick)", at: (x, bottom + 20), size: 12,
                color: Palette.faint, anchor: .middle)
        }
        canvas.text(
            across, at: (frame.x + frame.width / 2, bottom + 40), size: 12, color: Palette.faint, anchor: .middle)
    }
}
