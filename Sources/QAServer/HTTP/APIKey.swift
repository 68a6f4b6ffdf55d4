import Files
import Foundation

/// A secret that requests must bring. Only its digest is kept.
public struct APIKey: Sendable {
    private let digest: [UInt8]

    /// Shorter keys can be guessed.
    public static let leastCharacters = 16

    /// - Parameter secret: the key; white space at both ends is not part of it.
    /// - Throws: `APIKeyError` for a text that is no key.
    public init(_ secret: String) throws(APIKeyError) {
        let secret = secret.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else { throw .blank }
        let lines = secret.split(whereSeparator: \.isNewline).count
        guard lines == 1 else { throw .severalLines(lines) }
        guard secret.count >= Self.leastCharacters else { throw .short(secret.count) }
        digest = Digest.sha256(of: secret.utf8)
    }

    /// Whether this is the key.
    ///
    /// Digests are compared, in a time that does not depend on where they differ: neither the key nor its length leaks.
    func matches(_ key: some StringProtocol) -> Bool {
        zip(Digest.sha256(of: key.utf8), digest).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The key in an `Authorization` header; nil if it brings none.
    static func bearer(_ authorization: String?) -> String? {
        guard let parts = authorization?.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true),
            parts.count == 2, parts[0].lowercased() == "bearer"
        else { return nil }
        return String(parts[1])
    }
}

/// Why a text cannot be an API key.
public enum APIKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is only white space.
    case blank
    /// There are several lines, of which only one can be the key.
    case severalLines(Int)
    /// It has too few characters.
    case short(Int)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .blank: "holds no API key; write one of at least \(APIKey.leastCharacters) characters into it"
        case .severalLines(let count): "has \(count) lines; an API key is one line"
        case .short(let count):
            "holds an API key of \(count) characters; use at least \(APIKey.leastCharacters), "
                + "for example what `openssl rand -hex 32` prints"
        }
    }
}
