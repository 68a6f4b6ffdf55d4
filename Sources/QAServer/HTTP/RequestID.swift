/// The id of a request: the client's own from `x-request-id` where it is sane, or a new one.
struct RequestIdentity: Sendable {
    let text: String

    init(header: String?) {
        if let header, (1...128).contains(header.utf8.count), header.utf8.allSatisfy(Self.isSane) {
            text = header
        } else {
            text = Self.random()
        }
    }

    /// Letters, digits and what joins them: nothing that breaks a header or a line of a log.
    private static func isSane(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"): true
        default: false
        }
    }

    private static func random() -> String {
        let digits = String(UInt64.random(in: 0...(.max)), radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
