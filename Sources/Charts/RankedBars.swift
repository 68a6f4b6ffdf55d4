/// A bar for each of several results, the first one in another colour.
package struct RankedBars: Sendable {
    /// One bar.
    package struct Bar: Sendable, Hashable {
        /// What is written beside it.
        package let label: String
        /// What it is called in the description of the picture.
        package let name: String
        /// Its length, 0 to 100.
        package let value: Double

        /// A bar with these words.
        package init(label: String, name: String, value: Double) {
            (self.label, self.name, self.value) = (label, name, value)
        }
    }

    private let title: String
    private let bars: [Bar]

    /// These bars from the top.
    package init(title: String, bars: [Bar]) {
        (self.title, self.bars) = (title, bars)
    }

    /// The text of an SVG file, 960 pixels wide.
    package func svg() -> String {
        let row = 30.0
        let height = 110 + row * Double(max(1, bars.count))
        var canvas = Canvas(width: 960, height: height)
        canvas.rectangle(x: 0, y: 0, width: 960, height: height, fill: Palette.paper, radius: 8)
        canvas.text(title, at: (32, 42), size: 20, color: Palette.ink, isBold: true)
        let scale = AxisScale(holding: bars.map(\.value), floor: 0, limit: 100)
        for (index, bar) in bars.enumerated() {
            let y = 76 + row * Double(index)
            canvas.text(bar.label, at: (320, y + 15), size: 13, color: Palette.ink, anchor: .end)
            let width = max(1, scale.share(bar.value) * 520)
            canvas.rectangle(
                x: 332, y: y, width: width, height: row - 8, fill: index == 0 ? Palette.f1 : Palette.axis, radius: 3)
            canvas.text(fixed(bar.value, 2), at: (340 + width, y + 15), size: 13, color: Palette.ink)
        }
        return SVG.document(
            canvas, title: title,
            description: bars.map { "\($0.name): \(fixed($0.value, 2))" }.joined(separator: "; "))
    }
}
