/// A table in plain text, columns to the right.
struct TextTable {
    let titles: [String]
    let rows: [[String]]

    /// The lines, without one at the end.
    var text: String {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { column, cell in
                String(repeating: " ", count: widths[column] - cell.unicodeScalars.count) + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
