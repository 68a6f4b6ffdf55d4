/// The picture of a sweep: a bar for each run, best first.
struct SweepPicture {
    let runs: [Sweep.Run]

    /// The text of an SVG file, 960 pixels wide.
    func svg() -> String {
        let row = 30.0
        let height = 110 + row * Double(max(1, runs.count))
        var canvas = Canvas(width: 960, height: height)
        canvas.rectangle(x: 0, y: 0, width: 960, height: height, fill: Palette.paper, radius: 8)
        canvas.text("F1 of each run's best epoch", at: (32, 42), size: 20, color: Palette.ink, isBold: true)
        let scale = AxisScale(holding: runs.compactMap { $0.best?.f1 }, floor: 0, limit: 100)
        for (index, run) in runs.enumerated() {
            guard let f1 = run.best?.f1 else { continue }
            let y = 76 + row * Double(index)
            let title = "rate \(run.learningRate), batch \(run.batchSize), \(run.epochs) epochs"
            canvas.text(title, at: (320, y + 15), size: 13, color: Palette.ink, anchor: .end)
            let width = max(1, scale.share(f1) * 520)
            canvas.rectangle(
                x: 332, y: y, width: width, height: row - 8, fill: index == 0 ? Palette.f1 : Palette.axis, radius: 3)
            canvas.text(Figures.fixed(f1, 2), at: (340 + width, y + 15), size: 13, color: Palette.ink)
        }
        return SVG.document(
            canvas, title: "F1 of each run's best epoch",
            description: runs.map { "\($0.name): \(Figures.fixed($0.best?.f1 ?? 0, 2))" }.joined(separator: "; "))
    }
}
