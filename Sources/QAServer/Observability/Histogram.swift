/// Counts of observations by upper bounds, as Prometheus reads them.
struct Histogram: Sendable {
    let bounds: [Double]
    private(set) var counts: [Int]
    private(set) var sum = 0.0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// For times from a millisecond to a minute.
    static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    /// For rows of a batch.
    static let rows: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]
    /// For tokens of a batch.
    static let tokens: [Double] = [64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
}
