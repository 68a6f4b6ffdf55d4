import Files
import Foundation
import Synchronization

/// A server on loopback that behaves as the hub does: revisions, checksums, redirects to a store, ranges, failures.
package final class LocalHub: Sendable {
    /// What a client asked for; the names of headers are in small letters.
    package struct Request: Sendable {
        package let method: String
        package let path: String
        package let headers: [String: String]
        package var body = Data()

        /// The body as text, for messages.
        var text: String { String(decoding: body.prefix(400), as: UTF8.self) }
    }

    /// What the server has, does and saw.
    package struct State {
        package var files: [String: Data] = [:]
        /// The id of the one repository that is there.
        package var repository = "owner/bert"
        /// Files that are kept in a store on another host, as large ones are.
        package var stored: Set<String> = []
        /// Bytes after which the next transfers of a file break off.
        package var breaks: [String: [Int]] = [:]
        /// Status codes that answer the next requests for contents.
        package var failures: [Int] = []
        package var requests: [Request] = []
        /// Connections that are open.
        package var connections: Set<Int32> = []
        var isStopped = false
        package var gated = false
        package var token: String?
        /// Contents that are sent instead of what was announced.
        package var damage: [String: Data] = [:]
        /// What X-Repo-Commit says.
        package var commit = LocalHub.commit
        /// The store's address where it is not `localhost`.
        package var storeHost: String?
        /// Files that the store points on to another of its folders.
        package var moved: Set<String> = []
        /// Where requests for files of a model are redirected to.
        package var location: String?
        /// What takes uploads; without it there is only something to fetch.
        package var desk: UploadDesk?
    }

    package let state = Mutex(State())
    package let port: UInt16
    private let descriptor: Int32
    package static let commit = "0123456789abcdef0123456789abcdef01234567"

    package var endpoint: String { "http://127.0.0.1:\(port)" }
    /// Another host, as far as the client can tell.
    package var store: String { "http://localhost:\(port)" }

    package init(files: [String: String] = [:]) throws {
        #if canImport(Darwin)
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
                bind(descriptor, general, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, general, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        state.withLock { $0.files = files.mapValues { Data($0.utf8) } }
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                if connection < 0 {
                    // Here and not in stop(): until this thread is done, the number must not become another file's.
                    close(descriptor)
                    return
                }
                Thread.detachNewThread { [self] in serve(connection) }
            }
        }
    }

    /// Ends the hub; once more does nothing.
    ///
    /// Under the lock, and once: the number of a socket that is closed may have become that of another test's.
    package func stop() {
        state.withLock { state in
            if state.isStopped { return }
            state.isStopped = true
            shutdown(descriptor, Int32(SHUT_RDWR))
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    /// Contents requests for a file that were answered or broken off.
    package func transfers(_ name: String) -> [Request] {
        state.withLock { $0.requests.filter { $0.method == "GET" && $0.path.hasSuffix("/\(name)") } }
    }

    private func serve(_ connection: Int32) {
        state.withLock { _ = $0.connections.insert(connection) }
        defer {
            state.withLock { _ = $0.connections.remove(connection) }
            close(connection)
        }
        var received = Data()
        while true {
            while let end = received.range(of: Data("\r\n\r\n".utf8)) {
                var request = Self.parse(String(decoding: received[..<end.lowerBound], as: UTF8.self))
                received = Data(received[end.upperBound...])
                let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
                let cut = state.withLock { $0.desk?.next(\.cuts, request.path) }
                while received.count < min(length, cut ?? length) {
                    guard receive(&received, connection) else { return }
                }
                if cut != nil { return state.withLock { $0.requests.append(request) } }
                request.body = Data(received.prefix(length))
                received = Data(received.dropFirst(length))
                guard answer(request, connection) else { return }
            }
            guard receive(&received, connection) else { return }
        }
    }

    private func receive(_ data: inout Data, _ connection: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        data += buffer.prefix(count)
        return true
    }

    private static func parse(_ text: String) -> Request {
        var lines = text.components(separatedBy: "\r\n")
        let first = lines.removeFirst().split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
        }
        return Request(method: first[0], path: first[1], headers: headers)
    }

    /// Answers a request; false where the connection is broken off.
    private func answer(_ request: Request, _ connection: Int32) -> Bool {
        state.withLock { $0.requests.append(request) }
        // As a proxy it gets whole addresses.
        let path = request.path.hasPrefix("http://") ? URL(string: request.path)?.path ?? "" : request.path
        let parts = path.split(separator: "/").map(String.init)
        if let (reply, isSilent) = deskReply(to: request) {
            guard !isSilent else { return false }
            var headers = reply.headers
            headers["Content-Length"] = "\(reply.body.count)"
            return head(reply.code, headers, connection) && write(reply.body, connection)
        }
        if let location = state.withLock({ $0.location }) { return head(302, ["Location": location], connection) }
        if parts.first == "store", let name = parts.last, state.withLock({ $0.moved.remove(name) }) != nil {
            return head(302, ["Location": "/store/\(name)"], connection)
        }
        if parts.first == "store" { return send(parts.dropFirst().joined(separator: "/"), request, connection) }
        guard parts.count >= 4, let place = parts.firstIndex(of: "resolve"), place + 2 < parts.count else {
            return head(404, ["X-Error-Code": "RepoNotFound"], connection)
        }
        let name = parts[(place + 2)...].joined(separator: "/")
        let (token, gated) = state.withLock { ($0.token, $0.gated) }
        if let token, request.headers["authorization"] != "Bearer \(token)" { return head(401, [:], connection) }
        if gated { return head(403, ["X-Error-Code": "GatedRepo"], connection) }
        if parts[..<place].joined(separator: "/") != state.withLock({ $0.repository }) {
            return head(401, ["X-Error-Code": "RepoNotFound"], connection)
        }
        guard ["main", "v1", Self.commit].contains(parts[place + 1]) else {
            return head(404, ["X-Error-Code": "RevisionNotFound"], connection)
        }
        guard let data = state.withLock({ $0.files[name] }) else {
            return head(404, ["X-Error-Code": "EntryNotFound"], connection)
        }
        var headers = ["X-Repo-Commit": state.withLock { $0.commit }]
        if state.withLock({ $0.stored.contains(name) }) {
            headers["X-Linked-Etag"] = "\"\(Digest.sha256(of: data).hexadecimal)\""
            headers["X-Linked-Size"] = "\(data.count)"
            headers["Location"] = "\(state.withLock { $0.storeHost } ?? store)/store/\(name)"
            return head(302, headers, connection)
        }
        var digest = Digest.sha1()
        (Data("blob \(data.count)\0".utf8) + data).withUnsafeBytes { digest.update($0) }
        headers["ETag"] = "W/\"\(digest.finalize().hexadecimal)\""
        if request.method == "HEAD" {
            headers["Content-Length"] = "\(data.count)"
            return head(200, headers, connection)
        }
        return send(name, request, connection)
    }

    /// What the desk answers to a request of an upload, and whether the answer is lost.
    private func deskReply(to request: Request) -> (UploadDesk.Reply, isSilent: Bool)? {
        state.withLock { state in
            guard let reply = state.desk?.answer(request, store: store, hub: endpoint) else { return nil }
            let silence = state.desk?.silences.firstIndex { request.path.contains($0) }
            if let silence { state.desk?.silences.remove(at: silence) }
            return (reply, silence != nil)
        }
    }

    private func send(_ name: String, _ request: Request, _ connection: Int32) -> Bool {
        let (data, failure, breaksAt) = state.withLock { state -> (Data?, Int?, Int?) in
            let failure = state.failures.isEmpty ? nil : state.failures.removeFirst()
            var list = state.breaks[name] ?? []
            let breaksAt = failure == nil && !list.isEmpty ? list.removeFirst() : nil
            state.breaks[name] = list
            return (state.damage[name] ?? state.files[name], failure, breaksAt)
        }
        if let failure { return head(failure, [:], connection) }
        guard let data else { return head(404, [:], connection) }
        var start = 0
        if let range = request.headers["range"], let from = Int(range.dropFirst("bytes=".count).dropLast()) {
            guard from < data.count else { return head(416, [:], connection) }
            start = from
        }
        let body = data.dropFirst(start)
        let headers = ["Content-Length": "\(body.count)"]
        guard head(start > 0 ? 206 : 200, headers, connection, endsBody: false) else { return false }
        guard let breaksAt else { return write(Data(body), connection) }
        _ = write(Data(body.prefix(breaksAt)), connection)
        return false
    }

    private func head(_ code: Int, _ headers: [String: String], _ connection: Int32, endsBody: Bool = true) -> Bool {
        var lines = ["HTTP/1.1 \(code) x"] + headers.map { "\($0.key): \($0.value)" }
        if endsBody, headers["Content-Length"] == nil { lines.append("Content-Length: 0") }
        return write(Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8), connection)
    }

    private func write(_ data: Data, _ connection: Int32) -> Bool {
        var rest = data[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
