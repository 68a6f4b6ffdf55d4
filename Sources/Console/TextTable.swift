/// A table in plain text, its columns aligned to the right.
package struct TextTable {
    /// The titles of the columns.
    package let titles: [String]
    /// The cells, row by row: as many in each row as there are titles.
    package let rows: [[String]]

    /// A table of these cells.
    package init(titles: [String], rows: [[String]]) {
        (self.titles, self.rows) = (titles, rows)
    }

    /// The lines, without one at the end.
    package var text: String {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { column, cell in
                String(repeating: " ", count: widths[column] - cell.unicodeScalars.count) + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
