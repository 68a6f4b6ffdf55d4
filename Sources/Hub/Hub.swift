import Checkpoints
import Files
import Foundation

/// Fetches models by name from the Hugging Face hub into the hub's own cache, where Python finds them too.
public struct Hub: Sendable {
    /// How much of a file was received, or sent.
    public struct Progress: Sendable, Hashable {
        /// The file's name.
        public let file: String
        /// Bytes that are there, or that were sent.
        public let received: Int
        /// Bytes of the file; nil if the hub does not say.
        public let total: Int?
    }

    private let settings: HubSettings
    private let progress: @Sendable (Progress) -> Void
    private let warn: @Sendable (String) -> Void
    private let convert: (@Sendable (String) throws -> Void)?

    /// A hub with the given settings.
    ///
    /// - Parameters:
    ///   - settings: where the hub and the cache are.
    ///   - progress: called after each piece that was received.
    ///   - warn: called with a sentence if a cached model is used because the hub cannot be reached.
    ///   - convert: writes `model.safetensors` into a folder with `pytorch_model.bin`; nil refuses models that have
    ///     pickled weights only.
    public init(
        settings: HubSettings, progress: @escaping @Sendable (Progress) -> Void = { _ in },
        warn: @escaping @Sendable (String) -> Void = { _ in }, convert: (@Sendable (String) throws -> Void)? = nil
    ) {
        self.settings = settings
        self.progress = progress
        self.warn = warn
        self.convert = convert
    }

    /// The folder of a model: configuration, weights and vocabulary. What is not in the cache is fetched.
    ///
    /// If the hub cannot be reached, the cache is used, with a warning.
    ///
    /// - Throws: `HubError`.
    public func model(_ id: HubModelID) async throws -> String {
        do {
            return try await currentModel(id)
        } catch let error as HubError {
            guard case .network = error, HubCache(settings, id).file("config.json") != nil else {
                throw error
            }
            var offline = settings
            offline.offline = "the failing network"
            let hub = Hub(settings: offline, progress: progress, warn: warn, convert: convert)
            let folder = try await hub.currentModel(id)
            warn("\(error); the cached \(id) is used")
            return folder
        }
    }

    private func currentModel(_ id: HubModelID) async throws -> String {
        let config = try await file("config.json", of: id)
        let pickles = try await weights(of: id)
        let tokenizer = try await self.tokenizer(of: id)
        if !pickles.isEmpty { return try await converted(id, files: ["config.json"] + tokenizer + pickles) }
        return PathParts.parent(of: config)
    }

    /// Fetches the tokenizer, and returns the names of its files: `tokenizer.json` or `vocab.txt`, else what the
    /// tokenizer of RoBERTa (`vocab.json` with `merges.txt`) or of XLM-RoBERTa and CamemBERT is made of.
    private func tokenizer(of id: HubModelID) async throws -> [String] {
        let names = [
            "vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        ]
        var found: [String] = []
        for name in names where try await optionalFile(name, of: id) != nil { found.append(name) }
        if found.contains("vocab.txt") || found.contains("tokenizer.json") { return found }
        for parts in [["vocab.json", "merges.txt"], ["sentencepiece.bpe.model"], ["spiece.model"]] {
            guard try await optionalFile(parts[0], of: id) != nil else { continue }
            for part in parts.dropFirst() { _ = try await file(part, of: id) }
            return found + parts
        }
        throw HubError.noFile("\(id)", file: "tokenizer.json")
    }

    /// Fetches the weights. Of a model that only has pickled ones, the names of their files.
    private func weights(of id: HubModelID) async throws -> [String] {
        if try await optionalFile("model.safetensors", of: id) != nil { return [] }
        if let index = try await optionalFile("model.safetensors.index.json", of: id) {
            for part in try Self.parts(index) { _ = try await file(part, of: id) }
            return []
        }
        for name in ["pytorch_model.bin", "pytorch_model.bin.index.json"] where try await hasFile(name, of: id) {
            let isConverted = HubCache(settings, id).hasConversion
            guard convert != nil || isConverted else { throw HubError.pickleOnly("\(id)") }
            let path = try await file(name, of: id)
            guard name.hasSuffix(".json") else { return [name] }
            let parts = try Self.parts(path)
            for part in parts { _ = try await file(part, of: id) }
            return [name] + parts
        }
        throw HubError.noFile("\(id)", file: "model.safetensors")
    }

    /// The folder with the converted weights of a model, and links to its other files.
    private func converted(_ id: HubModelID, files: [String]) async throws -> String {
        let cache = HubCache(settings, id)
        guard let commit = cache.commit() else { throw HubError.damaged("\(id)") }
        let folder = cache.conversion(commit)
        let lock = try await cache.lock("conversion-\(commit)")
        defer { withExtendedLifetime(lock) {} }
        for file in files { try cache.linkConversion(file, commit: commit) }
        if !FileManager.default.fileExists(atPath: "\(folder)/model.safetensors") {
            guard let convert else { throw HubError.pickleOnly("\(id)") }
            try convert(folder)
        }
        return folder
    }

    /// One file of a model, fetched if it is not in the cache: its path there.
    ///
    /// - Throws: `HubError`.
    public func file(_ name: String, of id: HubModelID) async throws -> String {
        let cache = HubCache(settings, id)
        // What a commit has never changes.
        if let path = cache.file(name, commit: id.revision) { return path }
        if let variable = settings.offline {
            guard let path = cache.file(name) else {
                throw HubError.offline("\(name) of \(id)", cache: settings.cache, variable: variable)
            }
            return path
        }
        let client = HubClient(settings: settings, id: id)
        let info = try await client.info(name)
        if let path = cache.file(name, commit: info.commit, size: info.size) {
            // A cache that may only be read serves as well; then the next offline run may not find this commit.
            try? await cache.note(commit: info.commit)
            return path
        }
        try await cache.note(commit: info.commit)
        return try await store(info, name, client, cache)
    }

    /// Fetches a file into the cache if it is not there; returns its path.
    private func store(
        _ info: HubFileInfo, _ name: String, _ client: HubClient, _ cache: HubCache
    ) async throws -> String {
        let lock = try await cache.lock(info.etag)
        defer { withExtendedLifetime(lock) {} }
        // Another process may have fetched it while this one waited.
        if let path = cache.file(name, commit: info.commit, size: info.size) { return path }
        let blob = cache.blob(info.etag)
        if FileManager.default.fileExists(atPath: blob) {
            return try cache.link(name, commit: info.commit, etag: info.etag, isNew: false)
        }
        try cache.make(cache.blob(""))
        let incomplete = "\(blob).incomplete"
        let report = progress
        try await client.fetch(info, to: incomplete) { received in
            report(Progress(file: name, received: received, total: info.size))
        }
        guard try HubCache.isWhole(incomplete, etag: info.etag) else {
            unlink(incomplete)
            throw HubError.damaged("\(name) of \(client.id)")
        }
        do { try DurableFiles.move(incomplete, to: blob) } catch { throw HubError.cache("\(error)") }
        return try cache.link(name, commit: info.commit, etag: info.etag, isNew: true)
    }

    private func optionalFile(_ name: String, of id: HubModelID) async throws -> String? {
        do {
            return try await file(name, of: id)
        } catch let error as HubError {
            switch error {
            case .noFile: return nil
            case .offline where HubCache(settings, id).commit() != nil: return nil
            default: throw error
            }
        }
    }

    private func hasFile(_ name: String, of id: HubModelID) async throws -> Bool {
        if settings.isOffline { return HubCache(settings, id).file(name) != nil }
        do {
            _ = try await HubClient(settings: settings, id: id).info(name)
            return true
        } catch HubError.noFile {
            return false
        }
    }

    /// The files that an index of weights names.
    private static func parts(_ index: String) throws(HubError) -> [String] {
        do {
            return try ShardedIndex(path: index).files
        } catch {
            throw .untrusted("\(error)")
        }
    }
}
