import ArgumentParser
import Charts
import Files
import Foundation

/// The picture of how far scores can be believed.
struct ReliabilityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write a chart (.svg or .png) of exact match by score, and by the share of questions answered.",
            valueName: "file"), completion: .file())
    var reliabilityChart: String?

    func validate() throws {
        if let reliabilityChart, !["svg", "png"].contains(where: { reliabilityChart.hasSuffix(".\($0)") }) {
            throw ValidationError("--reliability-chart \(reliabilityChart) must end with .svg or .png")
        }
    }

    /// Writes the picture if it was asked for.
    func write(_ chart: ReliabilityChart?) throws(FileError) {
        guard let path = reliabilityChart, let chart else { return }
        try writeFile(path.hasSuffix(".png") ? chart.png() : Data(chart.svg().utf8), to: path)
    }
}
