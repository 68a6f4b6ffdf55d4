import Files
import Foundation
import Hummingbird
import NIOCore

/// The page for people: one document with its style and scripts inside. Its policy lets a browser run these and
/// nothing else.
struct WebPage: Sendable {
    /// The page with its headers.
    let response: Response

    init() {
        let style = Self.text(PackageResources.page_css)
        // They share their names, so the order matters only for what runs at once: the last one starts the page.
        let scripts = [
            PackageResources.common_js, PackageResources.text_js, PackageResources.conversation_js,
            PackageResources.controls_js,
        ]
        let script = scripts.map(Self.text).joined(separator: "\n")
        let html = Self.text(PackageResources.index_html)
            .replacingOccurrences(of: "<style></style>", with: "<style>\n\(style)</style>")
            .replacingOccurrences(of: "<script></script>", with: "<script>\n\(script)</script>")
        var response = Response.bytes(ByteBuffer(string: html), type: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; connect-src 'self'; img-src data:; script-src \(Self.digest(of: script)); "
            + "style-src \(Self.digest(of: style)); base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        response.headers[.cacheControl] = "no-cache"
        response.headers[.referrerPolicy] = "no-referrer"
        self.response = response
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What a policy needs to admit an element with this content, which begins on a line of its own, and no other.
    private static func digest(of content: String) -> String {
        "'sha256-\(Data(Digest.sha256(of: "\n\(content)".utf8)).base64EncodedString())'"
    }
}
