import FineTuning
import Foundation
import Hub
import Synchronization

/// Where the model of `--model` comes from: a folder, or the hub.
enum ModelSource {
    /// The folder of a model; one that is named by its id on the hub is fetched first.
    ///
    /// A folder wins over a model of the same name; what looks like a path, or begins with a folder that is here, is never
    /// asked for.
    static func folder(_ model: String) async throws -> String {
        if FileManager.default.fileExists(atPath: model) { return model }
        guard let id = HubModelID(model), !beginsWithFolder(model) else { return model }
        do {
            return try await download(id)
        } catch let error as HubError {
            throw NoModel(name: model, error: error)
        }
    }

    private static func beginsWithFolder(_ model: String) -> Bool {
        guard let first = model.split(separator: "/").first, model.contains("/") else { return false }
        return FileManager.default.fileExists(atPath: String(first))
    }

    /// Neither a folder nor a model of the hub.
    struct NoModel: Error, CustomStringConvertible {
        let name: String
        let error: HubError
        var description: String { "--model \(name): there is no such folder here, and as a name: \(error)" }
    }

    /// Fetches a model where it is not in the cache, with progress on standard error.
    static func download(_ id: HubModelID) async throws -> String {
        let meter = Mutex(DownloadMeter())
        let hub = Hub(
            settings: HubSettings(environment: ProcessInfo.processInfo.environment),
            progress: { progress in meter.withLock { $0.show(progress) } },
            warn: { line in meter.withLock { $0.say("warning: \(line)") } })
        defer { meter.withLock { $0.finish() } }
        return try await hub.model(id)
    }
}

/// The progress of downloads, one line.
private struct DownloadMeter {
    private var meter = ProgressMeter()
    private var file = ""
    private var start = ContinuousClock().now
    private var first = 0

    mutating func show(_ progress: Hub.Progress) {
        if progress.file != file {
            (file, start, first) = (progress.file, ContinuousClock().now, progress.received)
        }
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        let rate = Double(progress.received - first) / max(seconds, 1e-3)
        var line = "\(file)  \(Self.megabytes(progress.received))"
        if let total = progress.total {
            let left = Double(total - progress.received) / max(rate, 1)
            line += " of \(Self.megabytes(total))  \(Figures.fixed(rate / 1e6, 1)) MB/s  \(Figures.duration(left)) left"
        }
        meter.show(line, always: progress.received == progress.total)
    }

    mutating func say(_ line: String) { meter.say(line) }

    mutating func finish() { meter.finish() }

    private static func megabytes(_ bytes: Int) -> String { "\(Figures.fixed(Double(bytes) / 1e6, 1)) MB" }
}
