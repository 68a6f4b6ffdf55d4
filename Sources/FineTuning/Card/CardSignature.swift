import Files
import Foundation

/// The last line of a model card that BertQA wrote. It holds a checksum of the rest, which shows whether somebody has
/// changed the card: a changed card is theirs and is never overwritten.
enum CardSignature {
    private static let start = "<!-- Written by bertqa, which renews this card as long as nobody has changed it: "
    private static let end = " -->\n"

    /// A card with its signature.
    static func signed(_ text: String) -> String { "\(text)\n\(start)\(digest(text))\(end)" }

    /// Whether a file is an unchanged card of BertQA.
    static func isWhole(_ file: String) -> Bool {
        guard let place = file.range(of: "\n\(start)", options: [.backwards, .literal]) else { return false }
        return signed(String(file[..<place.lowerBound])) == file
    }

    private static func digest(_ text: String) -> Substring { FileDigest.sha256(of: text).prefix(32) }
}
