import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StrictJSON

/// Calls of the hub's API: JSON there and back.
struct HubAPI: Sendable {
    let settings: HubSettings
    var backoff = Backoff()

    /// What a call is answered with.
    struct Reply: Sendable {
        let address: String
        let status: Int
        /// `X-Error-Code`: what kind of failure it is.
        let errorCode: String?
        /// What the hub says about a failure.
        let message: String
        /// null if the body is no JSON.
        let json: JSONValue

        var isSuccess: Bool { (200..<300).contains(status) }
    }

    /// The bytes of a request, and their type.
    struct Content: Sendable {
        let type: String
        /// The type of the answer.
        let answerType: String
        let bytes: ByteBuffer

        static func json(_ value: JSONValue, type: String = "application/json") -> Content {
            Content(type: type, answerType: type, bytes: ByteBuffer(string: value.serialized()))
        }
    }

    /// The most bytes of an answer: the addresses of ten thousand parts are some millions.
    private static let largestAnswer = 16 << 20

    private var transport: HubTransport { HubTransport(proxies: settings.proxies) }

    /// Sends a request, again after failures of the network and of the server.
    ///
    /// - Parameters:
    ///   - place: a path on the hub, or a whole address.
    ///   - showsToken: whether the token is sent; only ever to the hub itself.
    ///   - isOnce: whether failures are left to the caller.
    /// - Returns: any answer but 429 and 5xx.
    /// - Throws: `HubError.network`, `.untrusted`.
    func call(
        _ method: HTTPMethod, _ place: String, _ content: Content? = nil, showsToken: Bool = true,
        isOnce: Bool = false
    ) async throws -> Reply {
        let address = place.hasPrefix("/") ? settings.endpoint + place : place
        return try await (isOnce ? Backoff.none : backoff).run { _ in
            try await callOnce(method, address, content, showsToken: showsToken)
        }
    }

    /// Redirects of the hub to itself are followed, as for a repository with a new name.
    private func callOnce(
        _ method: HTTPMethod, _ address: String, _ content: Content?, showsToken: Bool
    ) async throws -> Reply {
        var address = address
        for _ in 0..<5 {
            var headers: HTTPHeaders = ["Accept": content?.answerType ?? "application/json"]
            if let content { headers.add(name: "Content-Type", value: content.type) }
            let isHub = Redirect.isOneOrigin(address, settings.endpoint)
            let response = try await transport.send(
                address, method: method, token: showsToken && isHub ? settings.token : nil, headers: headers,
                body: content.map { .bytes($0.bytes) })
            guard let next = try Redirect.target(of: response, from: address) else {
                return try await reply(response, address)
            }
            let isRepeatable = [.temporaryRedirect, .permanentRedirect].contains(response.status)
            guard isRepeatable, Redirect.isOneOrigin(address, next) else {
                throw HubError.untrusted("\(address) redirects to \(Self.printable(next))")
            }
            address = next
        }
        throw HubError.network("\(address) redirects in a circle")
    }

    private func reply(_ response: HTTPClientResponse, _ address: String) async throws -> Reply {
        let status = Int(response.status.code)
        if case .network(let message) = HubError(status: status, address) { throw HubError.network(message) }
        let body: ByteBuffer
        do {
            body = try await response.body.collect(upTo: Self.largestAnswer)
        } catch is NIOTooManyBytesError {
            throw HubError.untrusted("\(address) answers more than \(Self.largestAnswer) bytes")
        } catch {
            throw HubError.network("\(address) broke off: \(error)")
        }
        let json = (try? JSONValue.parse(Array(body.readableBytesView))) ?? .null
        let said = response.headers.first(name: "x-error-message") ?? json["error"]?.string ?? json["message"]?.string
        return Reply(
            address: address, status: status, errorCode: response.headers.first(name: "x-error-code"),
            message: said.map(cleaned) ?? "status \(status)", json: json)
    }

    /// What the hub said, for a message of ours: short, on one line, and without the token, whoever sends it back.
    private func cleaned(_ text: String) -> String {
        var text = text
        if let token = settings.token { text = text.replacing(token, with: "(the token)") }
        return Self.printable(text)
    }

    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(300).map { scalar in
            CharacterSet.controlCharacters.contains(scalar) || CharacterSet.newlines.contains(scalar) ? " " : scalar
        }
        return String(String.UnicodeScalarView(scalars)).trimmingCharacters(in: .whitespaces)
    }
}
