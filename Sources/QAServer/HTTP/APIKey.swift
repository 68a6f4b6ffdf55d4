import Crypto
import Foundation

/// A secret that requests must bring. Only its digest is kept.
package struct APIKey: Sendable {
    private let digest: SHA256Digest

    /// - Parameter secret: the key; white space at both ends is not part of it.
    /// - Returns: nil if nothing is left.
    package init?(_ secret: String) {
        let secret = secret.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else { return nil }
        digest = SHA256.hash(data: Data(secret.utf8))
    }

    /// Whether an `Authorization` header brings the key.
    ///
    /// Digests are compared, in a time that does not depend on where they differ: neither the key nor its length leaks.
    func admits(authorization: String?) -> Bool {
        guard let authorization else { return false }
        let parts = authorization.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        // Digests compare in constant time (swift-crypto's `Digest`).
        return SHA256.hash(data: Data(parts[1].utf8)) == digest
    }
}
