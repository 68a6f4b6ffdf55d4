import CoreMetrics
import Synchronization

/// A backend of swift-metrics that keeps metrics in memory and writes them in the text format that Prometheus scrapes.
///
/// - Source: https://prometheus.io/docs/instrumenting/exposition_formats/
package final class TextMetrics: MetricsFactory {
    /// What is said of a metric once, for all its dimensions.
    package struct Description: Sendable {
        /// One line of text.
        let help: String
        /// The upper bounds of its buckets, for histograms.
        let bounds: [Double]

        /// - Parameter bounds: for histograms.
        init(_ help: String, bounds: [Double] = []) {
            self.help = help
            self.bounds = bounds
        }
    }

    private struct Key: Hashable {
        let label: String
        let dimensions: [[String]]
    }

    private let descriptions: [String: Description]
    private let metrics = Mutex<[Key: any TextMetric]>([:])

    /// - Parameter descriptions: by the label of each metric; labels are names in Prometheus' sense.
    init(_ descriptions: [String: Description]) {
        self.descriptions = descriptions
    }

    /// A counter, or the one that has this label and these dimensions.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        metric(label, dimensions) { TextNumber(type: "counter") }
    }

    /// A gauge, or the one that has this label and these dimensions.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        metric(label, dimensions) { TextNumber(type: "gauge") }
    }

    /// A histogram where values are aggregated, else a gauge.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let bounds = aggregate ? descriptions[label]?.bounds ?? [] : []
        if !aggregate { return metric(label, dimensions) { TextNumber(type: "gauge") } }
        return metric(label, dimensions) { TextHistogram(bounds) }
    }

    /// A histogram of durations in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        metric(label, dimensions) { TextHistogram(self.descriptions[label]?.bounds ?? []) }
    }

    /// Forgets a counter.
    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Forgets a gauge.
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Forgets a histogram or gauge.
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Forgets a histogram of durations.
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// All metrics, sorted by label and dimensions.
    package var text: String {
        let all = metrics.withLock { $0 }.sorted { Self.order($0.key) < Self.order($1.key) }
        var text = PrometheusText()
        var last: String?
        for (key, metric) in all {
            if key.label != last {
                text.begin(key.label, metric.type, descriptions[key.label]?.help ?? "")
                last = key.label
            }
            metric.write(to: &text, key.label, key.dimensions.map { ($0[0], $0[1]) })
        }
        return text.text
    }

    private static func order(_ key: Key) -> String {
        ([key.label] + key.dimensions.flatMap(\.self)).joined(separator: "\0")
    }

    private func metric<Metric: TextMetric>(
        _ label: String, _ dimensions: [(String, String)], _ make: () -> Metric
    ) -> Metric {
        let key = Key(label: label, dimensions: dimensions.map { [$0.0, $0.1] })
        return metrics.withLock { metrics in
            if let known = metrics[key] as? Metric { return known }
            let metric = make()
            metrics[key] = metric
            return metric
        }
    }

    private func remove(_ handler: AnyObject) {
        metrics.withLock { metrics in metrics = metrics.filter { $0.value !== handler } }
    }
}

private protocol TextMetric: AnyObject, Sendable {
    var type: String { get }
    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)])
}

/// A number that is counted or set.
private final class TextNumber: TextMetric, CounterHandler, MeterHandler, RecorderHandler {
    let type: String
    private let value = Mutex(0.0)

    init(type: String) {
        self.type = type
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func set(_ number: Int64) { set(Double(number)) }
    func set(_ number: Double) { value.withLock { $0 = number } }
    func record(_ number: Int64) { set(Double(number)) }
    func record(_ number: Double) { set(number) }
    func reset() { set(0.0) }

    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)]) {
        text.sample(name, labels, value.withLock { $0 })
    }
}

/// Observations, counted by upper bounds.
private final class TextHistogram: TextMetric, RecorderHandler, TimerHandler {
    let type = "histogram"
    private let histogram: Mutex<Histogram>

    init(_ bounds: [Double]) {
        histogram = Mutex(Histogram(bounds))
    }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { histogram.withLock { $0.observe(value) } }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(to text: inout PrometheusText, _ name: String, _ labels: [(String, String)]) {
        text.histogram(name, labels, histogram.withLock { $0 })
    }
}
