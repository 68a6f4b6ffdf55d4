import Foundation

/// The picture of a run: training and validation loss by epoch, beside them exact match and F1.
package struct LearningCurve: Sendable {
    /// What one epoch came to.
    package struct Epoch: Sendable, Hashable {
        /// The mean training loss.
        package let trainingLoss: Double
        /// The validation loss; nil without validation, as the scores.
        package let validationLoss: Double?
        /// Exact match, 0 to 100.
        package let exactMatch: Double?
        /// F1, 0 to 100.
        package let f1: Double?

        /// An epoch with these numbers.
        package init(
            trainingLoss: Double, validationLoss: Double? = nil, exactMatch: Double? = nil, f1: Double? = nil
        ) {
            (self.trainingLoss, self.validationLoss) = (trainingLoss, validationLoss)
            (self.exactMatch, self.f1) = (exactMatch, f1)
        }
    }

    private let epochs: [Epoch]
    private let best: Int?

    /// The picture of these epochs.
    ///
    /// - Parameter best: the number of the epoch whose model was kept, from 1.
    package init(epochs: [Epoch], best: Int?) {
        (self.epochs, self.best) = (epochs, best)
    }

    /// The text of an SVG file, 960 pixels wide with validation scores and 600 without.
    package func svg() -> String {
        SVG.document(canvas, title: "Learning curve", description: "\(subtitle). \(table)")
    }

    /// A PNG file of the same picture at twice the resolution.
    package func png() -> Data { PNG.data(canvas) }

    private var canvas: Canvas {
        let panels = self.panels
        let width = panels.count > 1 ? 960.0 : 600.0
        var canvas = Canvas(width: width, height: 440)
        canvas.rectangle(x: 0, y: 0, width: width, height: 440, fill: Palette.paper, radius: 8)
        canvas.text("Learning curve", at: (32, 42), size: 20, color: Palette.ink, isBold: true)
        canvas.text(subtitle, at: (32, 64), size: 13, color: Palette.faint)
        for panel in panels { panel.draw(on: &canvas) }
        return canvas
    }

    private var panels: [LearningCurvePanel] {
        let losses = [
            CurveSeries(
                name: "training", color: Palette.training, values: epochs.map(\.trainingLoss), digits: 3),
            CurveSeries(
                name: "validation", color: Palette.validation, values: epochs.map(\.validationLoss), digits: 3),
        ]
        let scores = [
            CurveSeries(name: "F1", color: Palette.f1, values: epochs.map(\.f1), digits: 2),
            CurveSeries(
                name: "exact match", color: Palette.exactMatch, values: epochs.map(\.exactMatch),
                digits: 2),
        ]
        var panels = [panel("Loss", losses, scale: AxisScale(holding: values(losses), floor: 0), at: 72)]
        if scores.contains(where: { !$0.drawable.isEmpty }) {
            panels.append(
                panel(
                    "Validation scores, 0 to 100", scores, scale: AxisScale(holding: values(scores), limit: 100),
                    at: 548))
        }
        return panels
    }

    /// Without validation the last epoch is kept, but none is known to be the best.
    private var isValidated: Bool { epochs.contains { $0.validationLoss != nil } }

    private func values(_ series: [CurveSeries]) -> [Double] { series.flatMap { $0.drawable.map(\.value) } }

    private func panel(_ title: String, _ series: [CurveSeries], scale: AxisScale, at x: Double) -> LearningCurvePanel {
        LearningCurvePanel(
            title: title, series: series, scale: scale, epochCount: max(1, epochs.count),
            bestEpoch: isValidated ? best : nil, frame: (x, 138, 300, 236))
    }

    /// One line under the title: the best epoch and what it reached.
    private var subtitle: String {
        guard let best else { return "no epoch is finished yet" }
        let epoch = epochs[best - 1]
        guard let loss = epoch.validationLoss, let exactMatch = epoch.exactMatch, let f1 = epoch.f1 else {
            return "epoch \(best): training loss \(fixed(epoch.trainingLoss, 3)); nothing to validate on"
        }
        return
            "best epoch \(best) of \(epochs.count): exact match \(fixed(exactMatch, 2)), F1 \(fixed(f1, 2)), "
            + "validation loss \(fixed(loss, 3))"
    }

    /// The numbers of the picture as text.
    private var table: String {
        epochs.enumerated().map { index, epoch in
            var line = "Epoch \(index + 1): training loss \(fixed(epoch.trainingLoss, 3))"
            if let loss = epoch.validationLoss, let exactMatch = epoch.exactMatch, let f1 = epoch.f1 {
                line +=
                    ", validation loss \(fixed(loss, 3)), exact match \(fixed(exactMatch, 2)), F1 \(fixed(f1, 2))"
            }
            return line + "."
        }.joined(separator: " ")
    }
}
