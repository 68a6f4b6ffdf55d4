import Foundation

/// The parameters of a URL's query.
enum QueryParameters {
    /// Reads them as forms write them: a `+` stands for a blank.
    ///
    /// - Throws: `APIError` for a `%` that no byte of UTF-8 follows.
    static func read(_ query: String?) throws(APIError) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        for parameter in (query ?? "").split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decoded(parts[0], of: String(parts[0]))
            result.append((name, try decoded(parts.count > 1 ? parts[1] : "", of: name)))
        }
        return result
    }

    private static func decoded(_ text: Substring, of parameter: String) throws(APIError) -> String {
        guard let decoded = text.replacing("+", with: " ").removingPercentEncoding else {
            throw .invalid(
                parameter, "\(parameter) is not percent-encoded UTF-8: a % is itself written %25, and a + %2B")
        }
        return decoded
    }
}
