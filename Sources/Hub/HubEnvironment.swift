import Foundation

/// Environment variables, read as Python's programs for the hub read them.
struct HubEnvironment: Sendable {
    private let variables: [String: String]

    init(_ variables: [String: String]) { self.variables = variables }

    /// A variable's value; one that is empty counts as not set.
    subscript(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether a variable is set, be it to nothing.
    func isSet(_ name: String) -> Bool { variables[name] != nil }

    /// Whether a variable is 1, on, yes or true, in upper or lower case.
    func isTrue(_ name: String) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(self[name]?.uppercased())
    }

    /// The user's home folder.
    var home: String { self["HOME"] ?? NSHomeDirectory() }

    /// The folder for caches of programs, not expanded.
    var cacheHome: String { self["XDG_CACHE_HOME"] ?? "\(home)/.cache" }

    /// A path with the home folder for `~`, and values for `$NAME` and `${NAME}`; names that are not set stay as they
    /// are.
    ///
    /// - Source: `os.path.expanduser` and `os.path.expandvars` of Python.
    func expanded(_ path: String) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/") {
            path = home + path.dropFirst()
        } else if path.hasPrefix("~") {
            path = (path as NSString).expandingTildeInPath
        }
        return path.replacing(/\$(?:(\w+)|\{([^}]*)\})/) { match in
            self[String(match.1 ?? match.2 ?? "")] ?? String(match.0)
        }
    }
}
