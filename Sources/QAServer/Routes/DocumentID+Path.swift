import Foundation
import Hummingbird
import Retrieval

extension DocumentID {
    /// The id of a path, whose parameters the router leaves as the client has spelled them.
    ///
    /// - Throws: `DocumentStoreError` of the kind `id`, also for a `%` that no byte follows.
    init(inPath parameters: Parameters) throws {
        let segment = try parameters.require("id")
        guard let text = segment.removingPercentEncoding else {
            throw DocumentStoreError(
                .id,
                "an id in a path is UTF-8, percent-encoded: a % stands before two hexadecimal digits, and is itself "
                    + "written %25")
        }
        try self.init(text)
    }

    /// The id as it is written in a path.
    var pathSegment: String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return text.utf8.reduce(into: "") { result, byte in
            result += plain.contains(byte) ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
        }
    }
}
