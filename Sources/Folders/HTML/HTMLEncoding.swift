import Foundation

/// The encoding that a page declares.
enum HTMLEncoding {
    /// What decodes the page; nil for UTF-8 and for encodings that are not known here.
    ///
    /// - Source: https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
    static func declared(_ bytes: [UInt8]) -> (([UInt8]) -> String)? {
        let ascii: [UInt8] = bytes.prefix(1024).map { $0 < 0x80 ? $0 : 0x20 }
        let beginning = String(decoding: ascii, as: UTF8.self).lowercased()
        guard beginning.contains("<meta"), let place = beginning.range(of: "charset=")?.upperBound else { return nil }
        let rest: Substring = beginning[place...].drop(while: { $0 == "\"" || $0 == "'" || $0 == " " })
        let name: Substring = rest.prefix(while: isOfName)
        guard names.contains(String(name)) else { return nil }
        return TextDecoding.fromWindows1252
    }

    private static func isOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "-" || character == "_"
    }

    /// Names that the standard reads as windows-1252.
    private static let names: Set<String> = [
        "windows-1252", "cp1252", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "l1", "ascii", "us-ascii",
    ]
}
