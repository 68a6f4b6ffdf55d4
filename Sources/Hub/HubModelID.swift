/// A model on the Hugging Face hub: `bert-base-cased`, `owner/name`, either with `@revision`.
public struct HubModelID: Sendable, Hashable, CustomStringConvertible {
    /// The repository: `name` or `owner/name`.
    public let repository: String
    /// A branch, a tag or a commit.
    public let revision: String

    /// Reads an id; nil if the text cannot be one.
    ///
    /// - Source: the rules of huggingface_hub's `validate_repo_id`: letters, digits, `-`, `_` and `.`, at most one `/`,
    ///   neither `-` nor `.` at an end of a part, neither `--` nor `..`, no `.git` at the end, at most 96 characters.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let repository = parts.first, repository.utf8.count <= 96, !repository.contains("--"),
            !repository.contains(".."), !repository.hasSuffix(".git")
        else { return nil }
        let names = repository.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(names.count), names.allSatisfy(Self.isName) else { return nil }
        let revision = parts.count > 1 ? parts[1] : "main"
        let isRevision = revision.utf8.allSatisfy { Self.isLetter($0) || $0 == UInt8(ascii: "/") }
        guard !revision.isEmpty, isRevision, !revision.contains(".."), !revision.hasPrefix("/") else { return nil }
        self.repository = repository
        self.revision = revision
    }

    /// The id as it is written.
    public var description: String { revision == "main" ? repository : "\(repository)@\(revision)" }

    /// The repository's folder in the hub's cache.
    var cacheFolder: String { "models--" + repository.split(separator: "/").joined(separator: "--") }

    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last else { return false }
        let edges: [UInt8] = [UInt8(ascii: "-"), UInt8(ascii: ".")]
        return !edges.contains(first) && !edges.contains(last) && name.utf8.allSatisfy(isLetter)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
