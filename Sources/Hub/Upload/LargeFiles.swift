import AsyncHTTPClient
import Foundation
import NIOHTTP1
import StrictJSON

/// Sends files to the hub's store for large ones, by Git LFS's protocol in the hub's two forms: a file in one piece, or
/// in parts.
///
/// - Source: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md, and `lfs.py` of huggingface_hub.
struct LargeFiles: Sendable {
    let api: HubAPI
    let id: HubModelID
    let progress: @Sendable (Hub.Progress) -> Void

    private static let type = "application/vnd.git-lfs+json"

    /// How the store wants a file.
    private struct Instructions {
        /// Where it goes, or where its end is reported where it goes in parts.
        let address: String
        /// The size and the addresses of the parts; nil for a file in one piece.
        let parts: (size: Int, addresses: [String])?
        /// Where it is checked afterwards.
        let verification: String?
    }

    /// An address of the store is not valid any more: they are for a while.
    private struct Expired: Error {
        let status: Int
    }

    /// Sends a file, unless the store has it.
    ///
    /// - Throws: `HubError`.
    func send(_ file: UploadedFile) async throws {
        for attempt in 0... {
            guard let instructions = try await instructions(for: file) else { return }
            do {
                try await send(file, by: instructions)
                return
            } catch let error as Expired where attempt > 0 {
                throw HubError.refused("\(file.name): the store of \(id) answers \(error.status); try again later")
            } catch is Expired {}
        }
    }

    private func send(_ file: UploadedFile, by instructions: Instructions) async throws {
        if let (size, addresses) = instructions.parts {
            var etags: [JSONValue] = []
            for (number, address) in addresses.enumerated() {
                let part = number * size..<min((number + 1) * size, file.size)
                let response = try await put(file, part, to: address)
                guard let etag = response.headers.first(name: "etag"), !etag.isEmpty else {
                    throw HubError.untrusted("the store of \(id) answers a part of \(file.name) without an ETag")
                }
                etags.append(["partNumber": .int(number + 1), "etag": .string(etag)])
            }
            let end: JSONValue = ["oid": .string(file.sha256), "parts": .array(etags)]
            // The address itself says who may report the end.
            let reply = try await api.call(
                .POST, instructions.address, .json(end, type: Self.type), showsToken: false)
            if [403, 404].contains(reply.status) { throw Expired(status: reply.status) }
            try check(reply, file)
        } else {
            _ = try await put(file, 0..<file.size, to: instructions.address)
        }
        progress(Hub.Progress(file: file.name, received: file.size, total: file.size))
        if let address = instructions.verification {
            try check(try await api.call(.POST, address, .json(Self.object(file))), file)
        }
    }

    /// Sends a part, from its start again where it breaks off.
    private func put(_ file: UploadedFile, _ part: Range<Int>, to address: String) async throws -> HTTPClientResponse {
        let transport = HubTransport(proxies: api.settings.proxies)
        let report = progress
        return try await api.backoff.run { _ in
            let body = file.body(part) { sent in
                report(Hub.Progress(file: file.name, received: sent, total: file.size))
            }
            let response = try await transport.send(address, method: .PUT, body: body)
            switch Int(response.status.code) {
            case 200..<300: return response
            case 400, 401, 403, 404, 410: throw Expired(status: Int(response.status.code))
            case let code:
                // Without the address: what is signed in it lets others write there.
                throw HubError(status: code, "the store for \(file.name)")
            }
        }
    }

    /// Asks how a file is to be sent; nil if the store has its contents.
    private func instructions(for file: UploadedFile) async throws -> Instructions? {
        let request: JSONValue = [
            "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
            "ref": ["name": .string(id.revision)], "objects": [Self.object(file)],
        ]
        let reply = try await api.call(
            .POST, "/\(id.repository).git/info/lfs/objects/batch", .json(request, type: Self.type))
        try check(reply, file)
        guard let object = reply.json["objects"]?.array?.first, object["oid"]?.string == file.sha256,
            object["size"]?.int == file.size
        else { throw malformed(file) }
        if let error = object["error"] {
            throw HubError.refused("\(file.name): \(id) does not take it: \(error["message"]?.string ?? "no reason")")
        }
        guard let actions = object["actions"], let upload = actions["upload"] else { return nil }
        guard let place = try address(upload["href"], file) else { throw malformed(file) }
        return Instructions(
            address: place, parts: try parts(upload["header"], file),
            verification: try address(actions["verify"]?["href"], file))
    }

    /// The parts of a file: `chunk_size` among the headers, and the address of each by its number.
    private func parts(_ header: JSONValue?, _ file: UploadedFile) throws -> (size: Int, addresses: [String])? {
        guard let header = header?.object, let chunk = header["chunk_size"] else { return nil }
        guard let size = chunk.int ?? chunk.string.flatMap({ Int($0) }), size > 0 else { throw malformed(file) }
        let numbered = header.compactMap { member in Int(member.key).map { (number: $0, address: member.value) } }
            .sorted { $0.number < $1.number }
        guard numbered.count == (file.size - 1) / size + 1 else { throw malformed(file) }
        return (
            size,
            try numbered.map { part in
                guard let address = try address(part.address, file) else { throw malformed(file) }
                return address
            }
        )
    }

    /// An address that the hub gives; of a mirror they begin with the mirror's own.
    private func address(_ value: JSONValue?, _ file: UploadedFile) throws -> String? {
        guard let value else { return nil }
        guard var text = value.string else { throw malformed(file) }
        let (hub, endpoint) = ("https://huggingface.co", api.settings.endpoint)
        if text.hasPrefix("\(hub)/") { text = endpoint + text.dropFirst(hub.count) }
        guard let url = URL(string: text), url.host() != nil,
            url.scheme == "https" || (url.scheme == "http" && endpoint.hasPrefix("http://"))
        else { throw HubError.untrusted("\(id) wants \(file.name) at \(text.prefix(200).debugDescription)") }
        return text
    }

    private func check(_ reply: HubAPI.Reply, _ file: UploadedFile) throws {
        if !reply.isSuccess { throw HubRepository.failure(reply, id, doing: "send \(file.name)") }
    }

    private func malformed(_ file: UploadedFile) -> HubError {
        .untrusted("\(id) does not say how to send \(file.name) in the form of Git LFS")
    }

    private static func object(_ file: UploadedFile) -> JSONValue {
        ["oid": .string(file.sha256), "size": .int(file.size)]
    }
}
