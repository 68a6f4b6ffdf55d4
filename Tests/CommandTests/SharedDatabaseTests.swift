import AsyncHTTPClient
import Foundation
import LocalPostgres
import NIOCore
import NIOHTTP1
import Scratch
import StrictJSON
import Synchronization
import Testing
import Workshop

@Suite(
    "Servers that share a database", .enabled(if: LocalPostgres.isInstalled, Comment(rawValue: LocalPostgres.missing)))
struct SharedDatabaseTests {
    /// Texts that a server has said it stored, by id.
    private final class Accepted: Sendable {
        private let texts = Mutex<[String: String]>([:])
        private let enough = Mutex(false)
        /// Whether clients shall stop.
        var isOver: Bool {
            get { enough.withLock { $0 } }
            set { enough.withLock { $0 = newValue } }
        }
        var all: [String: String] { texts.withLock { $0 } }
        func add(_ id: String, _ text: String) { texts.withLock { $0[id] = text } }
    }

    private static func text(_ id: Int) -> String { "ada lives in the town of rome, house \(id)." }

    /// Stores documents one after another until it is told to stop; a server that is gone only ends this client.
    private static func store(_ address: String, client number: Int, _ accepted: Accepted) async {
        for count in 0..<400 where !accepted.isOver {
            let id = "client \(number)/\(count)"
            var request = HTTPClientRequest(url: "\(address)/v1/documents/client%20\(number)%2F\(count)")
            request.method = .PUT
            request.headers.add(name: "content-type", value: "text/plain")
            let text = text(count)
            request.body = .bytes(ByteBuffer(string: text))
            guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(30)),
                (try? await response.body.collect(upTo: 1 << 20)) != nil
            else { return }
            if response.status.code == 201 { accepted.add(id, text) }
        }
    }

    @Test("two of them under load, one killed: nothing that was accepted is lost, and the other goes on")
    func killed() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let database = ["--database", try LocalPostgres.shared().database()]
        let servers = [try ServingTool(shop, database), try ServingTool(shop, database)]
        #expect(!servers[0].running.said.contains("secret-word"))
        let accepted = Accepted()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                let address = servers[number % 2].address
                group.addTask {
                    await Self.store(address, client: number, accepted)
                }
            }
            // In the middle of the load.
            while accepted.all.count < 60 { try? await Task.sleep(for: .milliseconds(10)) }
            servers[0].running.send(SIGKILL)
            let before = accepted.all.count
            while accepted.all.count < before + 30 { try? await Task.sleep(for: .milliseconds(10)) }
            accepted.isOver = true
        }
        let stored = try await documents(servers[1].address)
        #expect(accepted.all.count >= 90)
        for (id, text) in accepted.all { #expect(stored[id] == text.utf8.count, "\(id) is lost") }
        // Beyond what was answered there may be what each of the killed server's three clients waited for.
        #expect(stored.count <= accepted.all.count + 3)
        _ = try servers[0].running.finish()
        // A new server in its place answers from what both have stored.
        let third = try ServingTool(shop, database)
        #expect(try await documents(third.address) == stored)
        for server in [servers[1], third] {
            server.running.send(SIGTERM)
            #expect(try server.running.finish().status == 0)
        }
    }

    @Test("a database that is stopped and started under load has all that was accepted")
    func restarted() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let postgres = try LocalPostgres()
        let server = try ServingTool(shop, ["--database", try postgres.database()])
        let (address, accepted) = (server.address, Accepted())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask { await Self.store(address, client: number, accepted) }
            }
            for goal in [20, 40] {
                while accepted.all.count < goal { try await Task.sleep(for: .milliseconds(10)) }
                if goal < 40 {
                    postgres.stop()
                    try postgres.start()
                }
            }
            accepted.isOver = true
            try await group.waitForAll()
        }
        let stored = try await documents(address)
        for (id, text) in accepted.all { #expect(stored[id] == text.utf8.count, "\(id) is lost") }
        server.running.send(SIGTERM)
        let output = try server.running.finish()
        #expect(output.status == 0 && !output.err.contains("secret-word"), "\(output.err)")
    }

    /// The bytes of all documents by id.
    private func documents(_ address: String) async throws -> [String: Int] {
        var result: [String: Int] = [:]
        var after: String?
        repeat {
            let query = after.map { "&after=\($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
            let request = HTTPClientRequest(url: "\(address)/v1/documents?limit=500\(query ?? "")")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
            let page = try JSONValue.parse(Array(try await response.body.collect(upTo: 1 << 24).readableBytesView))
            for document in page["documents"]?.array ?? [] {
                result[document["id"]?.string ?? ""] = document["bytes"]?.int
            }
            after = page["next"]?.string
        } while after != nil
        return result
    }

    @Test("a folder of another machine is not taken for one that was moved, unless that is said")
    func folders() throws {
        let folder = try TemporaryDirectory()
        let database = ["--database", try LocalPostgres.shared().database()]
        for (place, text) in [("one", "Ada lives in Rome."), ("two", "Bob lives in Oslo.")] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(place)/notes", withIntermediateDirectories: true)
            try write(text, to: "\(folder.path)/\(place)/notes/\(place).txt")
        }
        #expect(try Tool.run(["index", "\(folder.path)/one/notes"] + database).status == 0)
        try FileManager.default.removeItem(atPath: "\(folder.path)/one")
        let other = ["index", "\(folder.path)/two/notes"] + database
        try Tool.run(other).expectFailure(65, "--collection", "--moved")
        let moved = try Tool.run(other + ["--moved", "--json"])
        #expect(try moved.json()["removed"]?.int == 1 && moved.json()["added"]?.int == 1, "\(moved.err)")
    }

    @Test("a database that is stopped is told with 503 and Retry-After, and used again once it is back")
    func outage() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let postgres = try LocalPostgres()
        let server = try ServingTool(shop, ["--database", try postgres.database()])
        func get() async throws -> HTTPClientResponse {
            try await HTTPClient.shared.execute(
                HTTPClientRequest(url: "\(server.address)/v1/documents"), timeout: .seconds(30))
        }
        #expect(try await get().status.code == 200)
        postgres.stop()
        let response = try await get()
        #expect(response.status.code == 503 && response.headers.first(name: "retry-after") == "1")
        let body = String(buffer: try await response.body.collect(upTo: 1 << 16))
        #expect(body.contains("documents_unavailable") && !body.contains("secret-word"), "\(body)")
        try postgres.start()
        #expect(try await get().status.code == 200)
        server.running.send(SIGTERM)
        let output = try server.running.finish()
        #expect(output.status == 0 && !output.err.contains("secret-word"), "\(output.err)")
    }
}
