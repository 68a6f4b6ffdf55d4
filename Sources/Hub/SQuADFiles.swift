import Files
import Foundation
import SQuAD

/// The official SQuAD files by name, fetched once and compared with their known checksums.
public struct SQuADFiles: Sendable {
    /// Which of a dataset's two files is meant.
    public enum Part: String, Sendable, CaseIterable {
        /// To train on.
        case train
        /// To validate and score on.
        case dev
    }

    /// The names of the datasets: `squad` is version 1.1, `squad_v2` is 2.0.
    public static let names = ["squad", "squad_v2"]

    private let endpoint: String
    /// Where the files are kept.
    package let folder: String
    private let known: [OfficialFile]
    private let proxies: ProxySettings
    /// What forbids the network; nil if it may be used.
    private let offline: String?
    private let progress: @Sendable (Hub.Progress) -> Void

    /// The files' address and where they are kept: `BERTQA_SQUAD_ENDPOINT`, `XDG_CACHE_HOME`, `HOME`; proxies, and
    /// `HF_DATASETS_OFFLINE` or `HF_HUB_OFFLINE`, as for models.
    public init(
        environment variables: [String: String], progress: @escaping @Sendable (Hub.Progress) -> Void = { _ in }
    ) {
        let environment = HubEnvironment(variables)
        var address = environment["BERTQA_SQUAD_ENDPOINT"] ?? "https://rajpurkar.github.io/SQuAD-explorer/dataset"
        while address.hasSuffix("/") { address.removeLast() }
        endpoint = address
        folder = "\(environment.expanded(environment.cacheHome))/bertqa/squad"
        known = OfficialFile.all
        proxies = ProxySettings(environment: variables)
        // - Source: `config.py` of datasets: set to anything, it decides alone.
        offline =
            environment.isSet("HF_DATASETS_OFFLINE")
            ? (environment.isTrue("HF_DATASETS_OFFLINE") ? "HF_DATASETS_OFFLINE" : nil)
            : HubSettings.offline(environment)
        self.progress = progress
    }

    /// Files of other contents than the official ones, for tests.
    package init(endpoint: String, folder: String, known: [OfficialFile]) {
        (self.endpoint, self.folder, self.known) = (endpoint, folder, known)
        (proxies, offline) = (ProxySettings(), nil)
        progress = { _ in }
    }

    /// A file of a dataset: its path in the cache; nil if `name` is none of `names`.
    ///
    /// - Throws: `HubError`.
    public func file(_ name: String, _ part: Part) async throws -> String? {
        guard let known = known.first(where: { $0.dataset == name && $0.part == part.rawValue }) else { return nil }
        let path = "\(folder)/\(known.name)"
        if FileManager.default.fileExists(atPath: path) { return path }
        if let offline { throw HubError.offline(known.name, cache: folder, variable: offline) }
        do { try DurableFiles.makeDirectory(folder) } catch { throw HubError.cache("\(error)") }
        let lock = try await HubCache.lock(path: "\(path).lock")
        defer { withExtendedLifetime(lock) {} }
        // Another process may have fetched it while this one waited.
        if FileManager.default.fileExists(atPath: path) { return path }
        try await fetch(known, to: path)
        return path
    }

    private func fetch(_ known: OfficialFile, to path: String) async throws {
        let incomplete = "\(path).incomplete"
        let address = "\(endpoint)/\(known.name)"
        let report = progress
        let transport = HubTransport(proxies: proxies)
        try await FileTransfer(transport: transport, address: address, size: known.size).fetch(
            to: incomplete, failure: { HubError(status: Int($0.status.code), address) },
            progress: { report(Hub.Progress(file: known.name, received: $0, total: known.size)) })
        guard try HubCache.isWhole(incomplete, etag: known.sha256) else {
            unlink(incomplete)
            throw HubError.damaged(address)
        }
        do { try DurableFiles.move(incomplete, to: path) } catch { throw HubError.cache("\(error)") }
    }
}
