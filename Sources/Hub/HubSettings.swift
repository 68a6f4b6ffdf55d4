import Foundation

/// Where the hub is, and where its files are kept: what huggingface_hub reads from the environment, read the same way.
package struct HubSettings: Sendable, Hashable {
    /// The hub's address, without a slash at the end.
    package var endpoint: String
    /// The folder of the cache.
    package var cache: String
    /// Who is asking; nil for anybody.
    package var token: String?
    /// Whether only the cache may be used.
    package var isOffline: Bool

    /// Settings from their parts.
    package init(
        endpoint: String = "https://huggingface.co", cache: String, token: String? = nil, isOffline: Bool = false
    ) {
        self.endpoint = endpoint
        self.cache = cache
        self.token = token
        self.isOffline = isOffline
    }

    /// The settings of `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN`, `HF_TOKEN_PATH` and `HF_HUB_OFFLINE`.
    ///
    /// - Source: huggingface_hub's `constants.py`.
    package init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = environment["HOME"] ?? NSHomeDirectory()
        func expanded(_ path: String) -> String { path.hasPrefix("~/") ? home + path.dropFirst() : path }
        let base = value("XDG_CACHE_HOME").map(expanded) ?? "\(home)/.cache"
        let folder = value("HF_HOME").map(expanded) ?? "\(base)/huggingface"
        var address = value("HF_ENDPOINT") ?? "https://huggingface.co"
        while address.hasSuffix("/") { address.removeLast() }
        endpoint = address
        cache = (value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")).map(expanded) ?? "\(folder)/hub"
        let tokenFile = value("HF_TOKEN_PATH").map(expanded) ?? "\(folder)/token"
        // A file that is not there, or may not be read, is no token: anybody may ask for public models.
        let stored = try? String(contentsOfFile: tokenFile, encoding: .utf8)
        let text = (value("HF_TOKEN") ?? stored)?.trimmingCharacters(in: .whitespacesAndNewlines)
        token = text.flatMap { $0.isEmpty ? nil : $0 }
        let offline = value("HF_HUB_OFFLINE")?.uppercased() ?? ""
        isOffline = ["1", "ON", "YES", "TRUE"].contains(offline)
    }
}
