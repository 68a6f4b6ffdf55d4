import Charts
import Testing

@Suite("The learning curve")
struct LearningCurveTests {
    private typealias Row = (training: Double, validation: (loss: Double, exactMatch: Double, f1: Double)?)

    private func svg(_ rows: [Row]) -> String {
        let epochs = rows.map { row in
            LearningCurve.Epoch(
                trainingLoss: row.training, validationLoss: row.validation?.loss,
                exactMatch: row.validation?.exactMatch,
                f1: row.validation?.f1)
        }
        let best = rows.indices.max { (rows[$0].validation?.f1 ?? 0, $1) < (rows[$1].validation?.f1 ?? 0, $0) }
        return LearningCurve(epochs: epochs, best: best.map { $0 + 1 }).svg()
    }

    private func count(_ element: String, in svg: String) -> Int { svg.split(separator: "<\(element) ").count - 1 }

    /// The numbers in the attributes called `name`, in order.
    private func numbers(_ name: String, in svg: String) -> [Double] {
        svg.split(separator: " \(name)=\"").dropFirst().compactMap { Double($0.prefix { $0 != "\"" }) }
    }

    @Test("each line has its dots, the best epoch is marked and named")
    func threeEpochs() {
        let svg = svg([(1.92, (1.31, 68.2, 79.1)), (1.08, (1.17, 74.6, 83.9)), (0.71, (1.21, 74.1, 83.4))])
        #expect(count("polyline", in: svg) == 4)
        #expect(count("circle", in: svg) == 12)
        #expect(svg.contains("best epoch 2 of 3: exact match 74.60, F1 83.90, validation loss 1.170"))
        for name in ["training", "validation", "F1", "exact match", "Loss", "best epoch"] {
            #expect(svg.contains(">\(name)</text>"), "\(name)")
        }
        // Losses fall, so their dots go down the picture; the best dots are larger than the others.
        let heights = numbers("cy", in: svg)
        #expect(heights[0] < heights[1] && heights[1] < heights[2])
        #expect(numbers("r", in: svg).filter { $0 == 5 }.count == 4)
    }

    @Test("any number of epochs is drawn inside the picture", arguments: [1, 2, 5, 11, 20, 21, 50])
    func inside(epochs: Int) {
        let svg = svg((1...epochs).map { epoch in (2 / Double(epoch), (1.5, 60 + 0.5 * Double(epoch), 100)) })
        let horizontal = numbers("x", in: svg) + numbers("cx", in: svg) + numbers("x1", in: svg)
        let vertical = numbers("y", in: svg) + numbers("cy", in: svg) + numbers("y2", in: svg)
        #expect(horizontal.allSatisfy { (0...960).contains($0) })
        #expect(vertical.allSatisfy { (0...440).contains($0) })
        #expect(numbers("cx", in: svg).count == (epochs <= 20 ? 4 * epochs : 4))
    }

    @Test("labels of lines that end together stand apart")
    func labels() throws {
        let svg = svg([(2, (2, 50, 50)), (1, (1, 60, 60))])
        let ends = svg.split(separator: "<text ").filter { $0.contains("font-weight") }
        func height(_ name: String) -> Double? {
            ends.first { $0.contains(">\(name)<") }.flatMap { numbers("y", in: " " + $0).first }
        }
        let training = try #require(height("training"))
        let validation = try #require(height("validation"))
        #expect(abs(training - validation) >= 30)
    }

    @Test("without validation there is one panel, and no epoch is called the best")
    func noValidation() {
        let svg = svg([(2, nil), (1, nil)])
        #expect(svg.contains("width=\"600\""))
        #expect(!svg.contains("best epoch"))
        #expect(count("polyline", in: svg) == 1)
    }

    @Test("no epoch, flat lines and zero losses still make a picture")
    func edges() {
        #expect(LearningCurve(epochs: [], best: nil).svg().contains("no epoch is finished yet"))
        let flat = svg([(0, (0, 0, 0)), (0, (0, 0, 0))])
        #expect(!flat.contains("nan") && !flat.contains("inf"))
        #expect(count("circle", in: flat) == 8)
    }

    @Test("a line breaks where a value is missing")
    func gap() {
        let svg = svg([(4, (4, 1, 1)), (3, (3, 2, 2)), (2, nil), (1, (1, 3, 3)), (1, (1, 4, 4))])
        #expect(count("polyline", in: svg) == 7)
    }
}
