import Foundation

/// Proxies as the environment names them: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, and `NO_PROXY` for what goes
/// without one.
///
/// - Source: httpx's `get_environment_proxies` and Python's `urllib.request.getproxies_environment`, which
///   huggingface_hub goes by.
package struct ProxySettings: Sendable, Hashable {
    /// A proxy, and the variable that names it.
    package struct Proxy: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case http
            case socks
        }

        /// The protocol that it speaks.
        package let kind: Kind
        /// Its name or address.
        package let host: String
        /// Its port.
        package let port: Int
        /// `name:password` in base64, as HTTP's basic authentication has it.
        package let credentials: String?
        /// The variable that names it.
        package let variable: String

        /// How messages name it: without its password.
        var description: String { "the proxy \(host):\(port) (\(variable))" }
    }

    private let variables: [String: String]

    /// The proxies that environment variables name.
    package init(environment: [String: String] = [:]) {
        let names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap { [$0, $0.uppercased()] }
        variables = environment.filter { names.contains($0.key) || $0.key == "REQUEST_METHOD" }
    }

    /// The proxy for an address; nil if it is asked directly.
    ///
    /// - Throws: `HubError.settings` for a variable that names none, or one of a kind that is not supported.
    package func proxy(for url: URL) throws(HubError) -> Proxy? {
        guard let scheme = url.scheme, let (name, text) = variable(scheme) ?? variable("all"), !isExcepted(url) else {
            return nil
        }
        return try Self.parse(text, name)
    }

    /// The value of `scheme_proxy`, or of the same name in capitals. An empty value in small letters switches the proxy
    /// off.
    private func variable(_ scheme: String) -> (name: String, value: String)? {
        let small = "\(scheme)_proxy"
        if let value = variables[small] { return value.isEmpty ? nil : (small, value) }
        // In a CGI program a client's header `Proxy` arrives as HTTP_PROXY.
        if scheme == "http", variables["REQUEST_METHOD"] != nil { return nil }
        return variables[small.uppercased()].flatMap { $0.isEmpty ? nil : (small.uppercased(), $0) }
    }

    private static func parse(_ text: String, _ name: String) throws(HubError) -> Proxy {
        let url = URL(string: text.contains("://") ? text : "http://\(text)")
        guard let url, let host = url.host(percentEncoded: false), !host.isEmpty else {
            throw .settings("\(name) does not name a proxy; expected an address such as http://proxy.example:3128")
        }
        let kinds: [String: (Proxy.Kind, port: Int)] = [
            "http": (.http, 80), "socks5": (.socks, 1080), "socks5h": (.socks, 1080),
        ]
        guard let (kind, port) = kinds[url.scheme?.lowercased() ?? ""] else {
            throw .settings(
                "\(name) names a proxy of the kind \(url.scheme ?? ""), which is not supported; expected http or socks5"
            )
        }
        var credentials: String?
        if let user = url.user(percentEncoded: false) {
            guard kind == .http else {
                throw .settings("\(name) has a user name, which is not supported for SOCKS proxies")
            }
            credentials = Data("\(user):\(url.password(percentEncoded: false) ?? "")".utf8).base64EncodedString()
        }
        return Proxy(kind: kind, host: host, port: url.port ?? port, credentials: credentials, variable: name)
    }

    /// Whether `NO_PROXY` names the host: `example.com` stands for itself and all below it, `.example.com` for what is
    /// below it, an address or `localhost` for itself, `*` for everything; a port may follow.
    private func isExcepted(_ url: URL) -> Bool {
        guard let host = url.host(percentEncoded: false)?.lowercased(), let list = variable("no")?.value else {
            return false
        }
        let port = url.port ?? (url.scheme == "https" ? 443 : 80)
        return list.lowercased().split(separator: ",").contains { entry in
            var name = entry.trimmingCharacters(in: .whitespaces)
            if name == "*" { return true }
            if let scheme = name.range(of: "://") {
                guard name[..<scheme.lowerBound] == url.scheme ?? "" || name.hasPrefix("all:") else { return false }
                name = String(name[scheme.upperBound...])
            }
            // More than one colon: an IPv6 address without a port, in brackets or not.
            if name.filter({ $0 == ":" }).count == 1, let colon = name.firstIndex(of: ":") {
                guard Int(name[name.index(after: colon)...]) == port else { return false }
                name = String(name[..<colon])
            }
            name = name.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
            if name.isEmpty { return false }
            let isAddress = name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
            if isAddress || name == "localhost" { return name == host }
            return name.hasPrefix(".") ? host.hasSuffix(name) : host == name || host.hasSuffix(".\(name)")
        }
    }
}
