import Console

extension Comparison {
    /// The table and the differences.
    package var text: String {
        let titles = [
            "model", "parameters", "exact match", "F1", "F1 in 95 of 100", "token exact match", "token F1",
            "questions/s", "weights, MiB", "memory, MiB",
        ]
        let rows = results.map { result in
            [
                result.entry.name, "\(Figures.fixed(Double(result.entry.parameters) / 1e6, 1)) M",
                Figures.fixed(result.exactMatch, 2), Figures.fixed(result.f1, 2),
                "\(Figures.fixed(result.f1Interval.lowerBound, 2)) to "
                    + "\(Figures.fixed(result.f1Interval.upperBound, 2))",
                Figures.fixed(result.entry.tokens.exactMatch, 4), Figures.fixed(result.entry.tokens.f1, 4),
                Figures.fixed(result.entry.questionsPerSecond, 1),
                Figures.fixed(Double(result.entry.weightBytes) / 1_048_576, 0),
                result.entry.peakMemory.map { Figures.fixed(Double($0) / 1_048_576, 0) } ?? "-",
            ]
        }
        var lines = [TextTable(titles: titles, rows: rows).text]
        for difference in differences {
            lines.append(
                "\(results[difference.first].entry.name) less \(results[difference.second].entry.name): F1 "
                    + "\(Figures.fixed(difference.f1, 2)), between "
                    + "\(Figures.fixed(difference.interval.lowerBound, 2)) and "
                    + "\(Figures.fixed(difference.interval.upperBound, 2)): "
                    + (difference.isBeyondChance ? "beyond chance" : "within chance"))
        }
        return lines.joined(separator: "\n")
    }
}
