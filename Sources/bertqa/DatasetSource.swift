import Foundation
import Hub

/// Where the file of `--data`, `--train-file` or `--validation-file` comes from: a path, or an official dataset's name.
enum DatasetSource {
    /// The path of a dataset; `squad` and `squad_v2` are fetched first. A file of that name here wins.
    static func path(_ data: String, _ part: SQuADFiles.Part) async throws -> String {
        guard SQuADFiles.names.contains(data), !FileManager.default.fileExists(atPath: data) else { return data }
        do {
            return try await DownloadMeter.showing { report in
                try await SQuADFiles(environment: ProcessInfo.processInfo.environment, progress: report)
                    .file(data, part) ?? data
            }
        } catch let error as HubError {
            throw NoDataset(name: data, error: error)
        }
    }

    /// Neither a file here nor fetched.
    struct NoDataset: Error, CustomStringConvertible {
        let name: String
        let error: HubError
        var description: String { "\(name): there is no such file here, and as the official dataset: \(error)" }
    }
}
