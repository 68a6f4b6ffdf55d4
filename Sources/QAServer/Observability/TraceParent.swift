import HTTPTypes
import Instrumentation

/// Where a request stands in a trace that spans several programs, as the header `traceparent` says it.
///
/// - Source: https://www.w3.org/TR/trace-context/
struct TraceParent: Sendable, Hashable {
    /// 32 hexadecimal digits that all spans of a trace share.
    let traceID: String
    /// 16 hexadecimal digits of one span.
    let spanID: String
    /// Whether the spans of the trace are recorded.
    let isSampled: Bool

    /// A span that begins a trace, or is a child of another.
    init(childOf parent: TraceParent?) {
        traceID = parent?.traceID ?? Self.digits(.random(in: 0...(.max))) + Self.digits(.random(in: 1...(.max)))
        spanID = Self.digits(.random(in: 1...(.max)))
        isSampled = parent?.isSampled ?? true
    }

    /// - Parameter header: `version-traceID-spanID-flags`; nil or anything else makes nil.
    init?(header: String?) {
        guard let parts = header?.split(separator: "-", omittingEmptySubsequences: false), parts.count >= 4,
            Self.isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4, Self.isHex(parts[1], 32),
            Self.isHex(parts[2], 16), Self.isHex(parts[3], 2), let flags = UInt8(parts[3], radix: 16),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        (traceID, spanID, isSampled) = (String(parts[1]), String(parts[2]), flags & 1 == 1)
    }

    /// The value of the header.
    var header: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// Lets tracers read the headers of a request.
struct HeaderExtractor: Extractor {
    func extract(key: String, from carrier: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { carrier[$0] }
    }
}

extension HTTPField.Name {
    static let traceParent = literal("traceparent")
}
