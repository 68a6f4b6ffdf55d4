import HTTPTypes
import Hummingbird

/// What a request says that its body is.
///
/// Only JSON is taken, and plain text where it is documented: the types that a web page can send without asking first
/// (HTML forms, and JavaScript that sends plain text) are refused.
enum MediaType: Sendable {
    case json
    case plainText

    /// - Parameter allowed: the types that the route takes.
    /// - Throws: `APIError` with status 415.
    init(_ request: Request, allowed: Set<MediaType> = [.json]) throws(APIError) {
        let header = request.headers[.contentType] ?? ""
        let type = header.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        let found: MediaType? =
            switch type {
            case "application/json": .json
            case "text/plain": .plainText
            default: nil
            }
        guard let found, allowed.contains(found) else {
            let names = allowed.contains(.plainText) ? "application/json or text/plain" : "application/json"
            let sent = type.isEmpty ? "there is none" : "it is \(type.prefix(100))"
            throw APIError(
                .unsupportedMediaType, "unsupported_media_type",
                "the header Content-Type must be \(names), but \(sent); with curl, send the body with --json")
        }
        self = found
    }
}
