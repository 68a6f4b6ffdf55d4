import Foundation

/// Where the hub is, and where its files are kept: what huggingface_hub reads from the environment, read the same way.
public struct HubSettings: Sendable, Hashable {
    /// The hub's address, without a slash at the end.
    public var endpoint: String
    /// The folder of the cache.
    public var cache: String
    /// The token to send; nil sends none.
    public var token: String?
    /// The variable that forbids the network, such as "HF_HUB_OFFLINE"; nil if the network may be used.
    public var offline: String?
    /// Whether files are put into the cache without symbolic links.
    public var avoidsLinks = false
    /// The proxies between here and the hub.
    package var proxies = ProxySettings()

    /// Whether only the cache may be used.
    public var isOffline: Bool { offline != nil }

    /// Settings from their parts.
    public init(
        endpoint: String = "https://huggingface.co", cache: String, token: String? = nil, offline: String? = nil
    ) {
        self.endpoint = endpoint
        self.cache = cache
        self.token = token
        self.offline = offline
    }

    /// The settings of `HF_ENDPOINT`, `HF_HUB_CACHE`, `HF_HOME`, `HF_TOKEN`, `HF_HUB_OFFLINE` and their like.
    ///
    /// - Source: huggingface_hub's `constants.py` and `utils/_auth.py`.
    public init(environment variables: [String: String]) {
        let environment = HubEnvironment(variables)
        let folder = environment.expanded(environment["HF_HOME"] ?? "\(environment.cacheHome)/huggingface")
        var address = environment["HF_ENDPOINT"] ?? "https://huggingface.co"
        while address.hasSuffix("/") { address.removeLast() }
        endpoint = address
        let named = environment["HF_HUB_CACHE"] ?? environment["HUGGINGFACE_HUB_CACHE"]
        cache = named.map(environment.expanded) ?? "\(folder)/hub"
        token = Self.token(environment, folder)
        offline = Self.offline(environment)
        avoidsLinks = environment.isTrue("HF_HUB_DISABLE_SYMLINKS")
        proxies = ProxySettings(environment: variables)
    }

    private static func token(_ environment: HubEnvironment, _ folder: String) -> String? {
        if environment.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") { return nil }
        func cleaned(_ text: String?) -> String? {
            let text = text?.trimmingCharacters(in: .whitespacesAndNewlines)
            return text.flatMap { $0.isEmpty ? nil : $0 }
        }
        if let token = cleaned(environment["HF_TOKEN"] ?? environment["HUGGING_FACE_HUB_TOKEN"]) { return token }
        let file = environment.expanded(environment["HF_TOKEN_PATH"] ?? "\(folder)/token")
        // A file that is not there, or may not be read, is no token: anybody may ask for public models.
        return cleaned(try? String(contentsOfFile: file, encoding: .utf8))
    }

    /// What forbids the network. As in Python, `HF_HUB_OFFLINE=0` wins over `TRANSFORMERS_OFFLINE=1`.
    static func offline(_ environment: HubEnvironment) -> String? {
        let name = environment["HF_HUB_OFFLINE"] == nil ? "TRANSFORMERS_OFFLINE" : "HF_HUB_OFFLINE"
        return environment.isTrue(name) ? name : nil
    }
}
