import Files
import Foundation
import Hummingbird
import NIOCore

/// The page for people: one file with its style and script inside. Its policy lets a browser run these and nothing
/// else.
struct WebPage: Sendable {
    /// The page with its headers.
    let response: Response

    /// - Parameter html: the whole page.
    init(html: [UInt8]) {
        let text = String(decoding: html, as: UTF8.self)
        let scripts = Self.digests(of: "script", in: text)
        let styles = Self.digests(of: "style", in: text)
        var response = Response.bytes(ByteBuffer(bytes: html), type: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; connect-src 'self'; img-src data:; script-src \(scripts); style-src \(styles); "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        response.headers[.cacheControl] = "no-cache"
        response.headers[.referrerPolicy] = "no-referrer"
        self.response = response
    }

    /// What a policy needs to admit each element of that name, and no other.
    private static func digests(of tag: String, in html: String) -> String {
        html.components(separatedBy: "<\(tag)>").dropFirst().map { part in
            let content = part.components(separatedBy: "</\(tag)>")[0]
            return "'sha256-\(Data(Digest.sha256(of: content.utf8)).base64EncodedString())'"
        }.joined(separator: " ")
    }
}
