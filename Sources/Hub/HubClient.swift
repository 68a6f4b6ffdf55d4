import AsyncHTTPClient
import Foundation
import NIOHTTP1

/// What the hub says about a file before it is fetched.
struct HubFileInfo: Sendable, Hashable {
    /// The commit that the revision stands for.
    let commit: String
    /// What names the file's contents.
    let etag: String
    /// Bytes; nil if the hub does not say.
    let size: Int?
    /// Where the contents are: the hub itself, or a store that it points to.
    let address: String
}

/// Requests files from the hub.
struct HubClient: Sendable {
    let settings: HubSettings
    let id: HubModelID

    private var transport: HubTransport { HubTransport(proxies: settings.proxies) }

    /// Asks for a file's commit, checksum and place.
    ///
    /// - Source: `get_hf_file_metadata` of huggingface_hub: redirects on the hub itself are followed, one to another
    ///   host is where the contents are.
    func info(_ file: String) async throws -> HubFileInfo {
        let (revision, name) = (Self.percentEncoded(id.revision), Self.percentEncoded(file))
        var address = "\(settings.endpoint)/\(id.repository)/resolve/\(revision)/\(name)"
        for _ in 0..<5 {
            let response = try await transport.send(address, method: .HEAD, token: token(for: address))
            let redirect = try Redirect.target(of: response, from: address)
            if redirect == nil, response.status != .ok { throw failure(response, file, address) }
            let commit = response.headers.first(name: "x-repo-commit")
            let etag = response.headers.first(name: "x-linked-etag") ?? response.headers.first(name: "etag")
            // A mirror may point to the hub before anything is said of the file.
            if let redirect, isHub(redirect) || commit == nil || etag == nil {
                address = redirect
                continue
            }
            guard let commit, let etag else {
                throw HubError.status(Int(response.status.code), "\(address), without X-Repo-Commit and ETag")
            }
            guard HubCache.isCommit(commit) else {
                throw HubError.untrusted("\(address): X-Repo-Commit is not 40 hexadecimal digits")
            }
            let size = response.headers.first(name: "x-linked-size") ?? response.headers.first(name: "content-length")
            return HubFileInfo(
                commit: commit, etag: try Self.name(etag), size: size.flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 },
                address: redirect ?? address)
        }
        throw HubError.network("\(address) redirects in a circle")
    }

    /// Fetches contents into a file (see `FileTransfer`); the token is shown to the hub only.
    func fetch(_ info: HubFileInfo, to path: String, progress: @Sendable (Int) -> Void) async throws {
        let transfer = FileTransfer(
            transport: transport, address: info.address, size: info.size, token: token(for: info.address))
        try await transfer.fetch(to: path, failure: { failure($0, "", info.address) }, progress: progress)
    }

    private func isHub(_ address: String) -> Bool { Redirect.isOneOrigin(address, settings.endpoint) }

    private func token(for address: String) -> String? { isHub(address) ? settings.token : nil }

    private func failure(_ response: HTTPClientResponse, _ file: String, _ address: String) -> HubError {
        let hasToken = settings.token != nil
        switch (Int(response.status.code), response.headers.first(name: "x-error-code")) {
        case (_, "RepoNotFound"): return .noRepository(id.repository, hasToken: hasToken)
        case (_, "RevisionNotFound"): return .noRevision("\(id)")
        case (_, "EntryNotFound"): return .noFile("\(id)", file: file)
        case (_, "GatedRepo"): return .gated(id.repository, endpoint: settings.endpoint)
        // The hub hides private models behind 401 from those who show no token.
        case (401, _): return hasToken ? .unauthorised(id.repository) : .noRepository(id.repository, hasToken: false)
        case (403, _): return .gated(id.repository, endpoint: settings.endpoint)
        case (404, _): return .noFile("\(id)", file: file)
        case (let code, _): return HubError(status: code, address)
        }
    }

    /// A text as one part of a URL's path: only unreserved characters stay (RFC 3986, section 2.3), so that neither a
    /// query nor another folder can begin in it.
    static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: String(format: "%%%02X", byte)
            }
        }.joined()
    }

    /// An etag as a file name: without quotes and the mark of weak ones. One that would leave its folder is refused.
    private static func name(_ etag: String) throws(HubError) -> String {
        var text = Substring(etag)
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        text = text.drop { $0 == "\"" }
        while text.hasSuffix("\"") { text = text.dropLast() }
        guard !text.isEmpty, text.utf8.count <= 200, text != "..", text != ".",
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }), !text.hasSuffix(".incomplete")
        else {
            throw .untrusted("the ETag \(etag.debugDescription) cannot be the name of a file")
        }
        return String(text)
    }
}
