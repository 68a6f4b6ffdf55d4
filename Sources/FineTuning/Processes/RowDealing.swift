/// Deals the rows of a step to the processes that train together.
package enum RowDealing {
    /// The rows of each process, in the order given. Their numbers differ by at most one, and tokens are balanced by
    /// giving the longest rows first, each to the process with the fewest tokens. All processes compute the same
    /// result.
    ///
    /// - Parameter length: the tokens of a row.
    package static func deal(_ rows: ArraySlice<Int>, to processes: Int, length: (Int) -> Int) -> [[Int]] {
        guard processes > 1 else { return [Array(rows)] }
        var room = (0..<processes).map { rows.count / processes + ($0 < rows.count % processes ? 1 : 0) }
        var tokens = [Int](repeating: 0, count: processes)
        var places: [[Int]] = Array(repeating: [], count: processes)
        let lengths = Dictionary(uniqueKeysWithValues: rows.indices.map { ($0, length(rows[$0])) })
        let longestFirst = rows.indices.sorted { (lengths[$1] ?? 0, $0) < (lengths[$0] ?? 0, $1) }
        for place in longestFirst {
            guard let process = (0..<processes).filter({ room[$0] > 0 }).min(by: { tokens[$0] < tokens[$1] }) else {
                break
            }
            room[process] -= 1
            tokens[process] += lengths[place] ?? 0
            places[process].append(place)
        }
        return places.map { $0.sorted().map { rows[$0] } }
    }
}
