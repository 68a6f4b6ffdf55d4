/// One panel of the learning curve: its axes, its lines and their labels, the best epoch.
struct LearningCurvePanel {
    let title: String
    let series: [CurveSeries]
    let scale: AxisScale
    let epochCount: Int
    let bestEpoch: Int?
    /// The area between the axes; labels of ticks and lines stand outside.
    let frame: (x: Double, y: Double, width: Double, height: Double)

    private var bottom: Double { frame.y + frame.height }
    private var right: Double { frame.x + frame.width }

    func draw(on canvas: inout Canvas) {
        canvas.text(title, at: (frame.x, frame.y - 34), size: 14, color: Palette.ink, isBold: true)
        drawAxes(on: &canvas)
        drawBestEpoch(on: &canvas)
        for line in series { draw(line, on: &canvas) }
        drawLabels(on: &canvas)
    }

    private func point(_ epoch: Int, _ value: Double) -> (x: Double, y: Double) {
        (x(epoch), bottom - scale.share(value) * frame.height)
    }

    /// Epochs have some air on both sides; a single one stands in the middle.
    private func x(_ epoch: Int) -> Double {
        guard epochCount > 1 else { return frame.x + frame.width / 2 }
        let margin = 14.0
        return frame.x + margin + (frame.width - 2 * margin) * Double(epoch - 1) / Double(epochCount - 1)
    }

    private func drawAxes(on canvas: inout Canvas) {
        for tick in scale.ticks {
            let y = point(1, tick).y
            canvas.line(
                from: (frame.x, y), to: (right, y), color: tick == scale.lowest ? Palette.axis : Palette.grid)
            canvas.text(scale.label(tick), at: (frame.x - 8, y + 4), size: 12, color: Palette.faint, anchor: .end)
        }
        for epoch in 1...epochCount where epoch == 1 || epoch.isMultiple(of: epochStep) {
            canvas.line(from: (x(epoch), bottom), to: (x(epoch), bottom + 5), color: Palette.axis)
            canvas.text("\(epoch)", at: (x(epoch), bottom + 20), size: 12, color: Palette.faint, anchor: .middle)
        }
        canvas.text(
            "epoch", at: (frame.x + frame.width / 2, bottom + 40), size: 12, color: Palette.faint, anchor: .middle)
    }

    /// At most about ten labels on the axis of epochs.
    private var epochStep: Int {
        [1, 2, 5, 10, 20, 50, 100, 200, 500].first { epochCount <= 11 * $0 } ?? max(1, epochCount / 10)
    }

    private func drawBestEpoch(on canvas: inout Canvas) {
        guard let bestEpoch else { return }
        let x = x(bestEpoch)
        canvas.line(from: (x, frame.y - 8), to: (x, bottom), color: Palette.best, width: 1.5, dashes: [3, 4])
        // The words stay over the panel, also when the best epoch is the first or the last.
        let isLeft = x < frame.x + 40
        let isRight = x > right - 40
        canvas.text(
            "best epoch", at: (isLeft ? frame.x : isRight ? right : x, frame.y - 13), size: 12, color: Palette.best,
            anchor: isLeft ? .start : isRight ? .end : .middle)
    }

    /// A line over the epochs; it breaks where a value is missing.
    private func draw(_ line: CurveSeries, on canvas: inout Canvas) {
        var piece: [(x: Double, y: Double)] = []
        for epoch in 1...(epochCount + 1) {
            if let value = line.value(epoch: epoch) {
                piece.append(point(epoch, value))
            } else {
                if piece.count > 1 { canvas.polyline(piece, color: line.color, width: 2.5) }
                piece = []
            }
        }
        // Beyond some twenty epochs the dots would hide the line.
        for (epoch, value) in line.drawable where epochCount <= 20 || epoch == bestEpoch {
            let isBest = epoch == bestEpoch
            canvas.circle(
                center: point(epoch, value), radius: isBest ? 5 : 3.5, fill: isBest ? Palette.paper : line.color,
                stroke: line.color)
        }
    }

    /// Names and last values stand at the ends of their lines, moved apart where they would touch.
    private func drawLabels(on canvas: inout Canvas) {
        let height = 34.0
        var labels = series.compactMap { line in
            line.drawable.last.map { (line: line, value: $0.value, y: point($0.epoch, $0.value).y) }
        }.sorted { $0.y < $1.y }
        for index in labels.indices.dropFirst() {
            labels[index].y = max(labels[index].y, labels[index - 1].y + height)
        }
        // What was pushed below the panel moves up again, and those above make room.
        for index in labels.indices.reversed() {
            let lowest = index == labels.count - 1 ? bottom - 8 : labels[index + 1].y - height
            labels[index].y = min(labels[index].y, lowest)
        }
        for label in labels {
            let x = (epochCount > 1 ? right : frame.x + frame.width / 2) + 12
            canvas.text(label.line.name, at: (x, label.y - 2), size: 12, color: label.line.color, isBold: true)
            canvas.text(
                fixed(label.value, label.line.digits), at: (x, label.y + 13), size: 12, color: label.line.color)
        }
    }
}
