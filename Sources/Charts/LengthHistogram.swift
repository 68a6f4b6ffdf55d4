/// The picture of how long a dataset's rows are, with the candidates for a maximum length.
package struct LengthHistogram: Sendable {
    private let lengths: [Int]
    private let marks: [Int]

    /// The histogram of these lengths, in tokens, with a line at each of `marks`.
    package init(lengths: [Int], marks: [Int]) {
        self.lengths = lengths
        self.marks = marks.sorted()
    }

    /// Where the bars stand.
    private let frame = (x: 80.0, y: 112.0, width: 820.0, height: 250.0)

    /// The text of an SVG file, 960 pixels wide.
    package func svg() -> String {
        let across = AxisScale(holding: (lengths + marks).map(Double.init), count: 10, floor: 0)
        let bins = bins(upTo: across.highest)
        let upwards = AxisScale(holding: bins.counts.map(Double.init), floor: 0)
        var canvas = Canvas(width: 960, height: 440)
        canvas.rectangle(x: 0, y: 0, width: 960, height: 440, fill: Palette.paper, radius: 8)
        canvas.text("Tokens of a row", at: (32, 42), size: 20, color: Palette.ink, isBold: true)
        canvas.text(subtitle, at: (32, 64), size: 13, color: Palette.faint)
        drawAxes(across, upwards, on: &canvas)
        for (index, count) in bins.counts.enumerated() where count > 0 {
            let left = frame.x + across.share(Double(index) * bins.width) * frame.width
            let right = frame.x + across.share(Double(index + 1) * bins.width) * frame.width
            let height = upwards.share(Double(count)) * frame.height
            canvas.rectangle(
                x: left + 0.5, y: frame.y + frame.height - height, width: max(1, right - left - 1), height: height,
                fill: Palette.f1)
        }
        drawMarks(across, on: &canvas)
        return SVG.document(
            canvas, title: "Tokens of a row", description: subtitle)
    }

    private var subtitle: String {
        let sorted = lengths.sorted()
        guard let longest = sorted.last else { return "no rows" }
        let parts = marks.map { mark in
            let longer = sorted.count { $0 > mark }
            return "\(fixed(100 * Double(longer) / Double(sorted.count), 1)) % beyond \(mark)"
        }
        let whole =
            "\(sorted.count) rows, half of them up to \(sorted[sorted.count / 2]) tokens, the longest \(longest)"
        // More would run out of the picture.
        return parts.count > 3 ? whole : ([whole] + parts).joined(separator: "; ")
    }

    private func bins(upTo end: Double) -> (width: Double, counts: [Int]) {
        let width = max(1, (end / 60).rounded(.up))
        var counts = [Int](repeating: 0, count: Int((end / width).rounded(.up)) + 1)
        for length in lengths { counts[min(counts.count - 1, Int(Double(length) / width))] += 1 }
        return (width, counts)
    }

    private func drawAxes(_ across: AxisScale, _ upwards: AxisScale, on canvas: inout Canvas) {
        let bottom = frame.y + frame.height
        for tick in upwards.ticks {
            let y = bottom - upwards.share(tick) * frame.height
            canvas.line(
                from: (frame.x, y), to: (frame.x + frame.width, y),
                color: tick == upwards.lowest ? Palette.axis : Palette.grid)
            canvas.text(upwards.label(tick), at: (frame.x - 8, y + 4), size: 12, color: Palette.faint, anchor: .end)
        }
        for tick in across.ticks {
            let x = frame.x + across.share(tick) * frame.width
            canvas.line(from: (x, bottom), to: (x, bottom + 5), color: Palette.axis)
            canvas.text(across.label(tick), at: (x, bottom + 20), size: 12, color: Palette.faint, anchor: .middle)
        }
        canvas.text(
            "tokens, question and special tokens included", at: (frame.x + frame.width / 2, bottom + 42), size: 12,
            color: Palette.faint, anchor: .middle)
    }

    private func drawMarks(_ across: AxisScale, on canvas: inout Canvas) {
        for mark in marks {
            let x = frame.x + across.share(Double(mark)) * frame.width
            canvas.line(
                from: (x, frame.y - 8), to: (x, frame.y + frame.height), color: Palette.validation, width: 1.5,
                dashes: [3, 4])
            canvas.text("\(mark)", at: (x, frame.y - 13), size: 12, color: Palette.validation, anchor: .middle)
        }
    }
}
