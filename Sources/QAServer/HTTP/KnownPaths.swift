import StrictJSON

/// The paths that the description of the API names, and their methods.
struct KnownPaths: Sendable {
    private let paths: [(segments: [String], methods: [String])]

    /// - Parameter description: an OpenAPI document.
    init(description: JSONValue) {
        paths =
            (description["paths"]?.object).map { object in
                object.map { path, item in
                    (path.split(separator: "/").map(String.init), Self.methods(item))
                }
            } ?? []
    }

    private static func methods(_ item: JSONValue) -> [String] {
        let methods = (item.object?.map { $0.key.uppercased() } ?? [])
            .filter { ["GET", "PUT", "POST", "DELETE"].contains($0) }
        return methods.contains("GET") ? methods + ["HEAD"] : methods
    }

    /// The methods of a path; nil if there is no such path.
    func methods(_ path: String) -> [String]? {
        let segments = path.split(separator: "/").map(String.init)
        return paths.first { candidate in
            candidate.segments.count == segments.count
                && zip(candidate.segments, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }?.methods
    }
}
