import Foundation

/// Where a database is, as libpq writes it: `postgresql://[user[:password]@][host][:port][/database][?name=value&...]`.
///
/// - Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
package struct DatabaseURL: Sendable, Hashable, CustomStringConvertible {
    /// As libpq takes it, with the password.
    let text: String
    /// Without the password; all that is ever shown.
    package let description: String
    /// Passwords and the like, to keep them out of messages.
    let secrets: [String]

    private static let schemes = ["postgresql://", "postgres://"]

    /// Whether a text is meant as such a URL.
    package static func isMeant(by text: String) -> Bool {
        let beginning = text.prefix(13).lowercased()
        return schemes.contains { beginning.hasPrefix($0) } || beginning.hasPrefix("postgresql:")
            || beginning.hasPrefix("postgres:")
    }

    /// Checks a URL. Its parameters' names are checked by libpq.
    ///
    /// - Throws: `PostgresError` of the kind `url`, which doesn't quote what may be a password.
    package init(_ text: String) throws(PostgresError) {
        guard let scheme = Self.schemes.first(where: { text.hasPrefix($0) }) else {
            throw Self.wrong("must begin with postgresql://")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Self.wrong("has a space or a control character; write it as % and two hexadecimal digits")
        }
        let rest = text.dropFirst(scheme.count)
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<authorityEnd]
        guard authority.filter({ $0 == "@" }).count <= 1 else {
            throw Self.wrong("has two @ before the name of the database; an @ in a password is written %40")
        }
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        let (user, hosts) = parts.count == 2 ? (parts[0], parts[1]) : ("", authority)
        let userParts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var secrets = try userParts.count == 2 ? [Self.decoded(userParts[1], "password")] : []
        _ = try Self.decoded(userParts.first ?? "", "user")
        for host in hosts.split(separator: ",") { try Self.checkHost(host) }
        let (path, query) = Self.cut(rest[authorityEnd...])
        _ = try Self.decoded(path, "database")
        let shown = try Self.shown(query, &secrets)
        (self.text, self.secrets) = (text, secrets)
        description =
            "postgresql://" + (userParts.first.map { $0.isEmpty ? "" : "\($0)@" } ?? "") + hosts + path + shown
    }

    private static func checkHost(_ host: Substring) throws(PostgresError) {
        var rest = host
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else {
                throw wrong("has a host that begins with [ and lacks the ]")
            }
            rest = host[host.index(after: end)...]
        }
        _ = try decoded(host, "host")
        guard let colon = rest.firstIndex(of: ":") else { return }
        let port = rest[rest.index(after: colon)...]
        guard port.isEmpty || Int(port).map({ (1...65535).contains($0) }) == true else {
            throw wrong("has a port that is no number from 1 to 65535; a : or / in a password is written %3A or %2F")
        }
    }

    private static func cut(_ rest: Substring) -> (path: Substring, query: Substring) {
        guard let mark = rest.firstIndex(of: "?") else { return (rest, "") }
        return (rest[..<mark], rest[rest.index(after: mark)...])
    }

    /// The parameters that may be shown; the values of the others are secrets.
    private static func shown(_ query: Substring, _ secrets: inout [String]) throws(PostgresError) -> String {
        var shown: [Substring] = []
        for parameter in query.split(separator: "&") {
            guard let mark = parameter.firstIndex(of: "=") else {
                throw wrong("has a parameter without a value; they are written name=value")
            }
            let name = try decoded(parameter[..<mark], "parameter")
            let value = try decoded(parameter[parameter.index(after: mark)...], "parameter \(name)")
            // password, sslpassword, oauth_client_secret, and however somebody may misspell them.
            if ["password", "secret"].contains(where: name.lowercased().contains) {
                secrets.append(value)
            } else {
                shown.append(parameter)
            }
        }
        return shown.isEmpty ? "" : "?" + shown.joined(separator: "&")
    }

    private static func decoded(_ text: Substring, _ part: String) throws(PostgresError) -> String {
        guard let decoded = String(text).removingPercentEncoding, !decoded.contains("\0") else {
            throw wrong("has a % in its \(part) that two hexadecimal digits of a character do not follow; write %25")
        }
        return decoded
    }

    private static func wrong(_ what: String) -> PostgresError {
        PostgresError(
            .url, "the database's URL \(what): postgresql://user:password@host:5432/database")
    }

    /// A message without the secrets.
    func cleaned(_ message: String) -> String {
        ([text] + secrets).filter { !$0.isEmpty }.reduce(message) { $0.replacingOccurrences(of: $1, with: "...") }
    }
}
