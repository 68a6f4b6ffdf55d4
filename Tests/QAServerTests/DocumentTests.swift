import Foundation
import NIOHTTP1
import QAServer
import StrictJSON
import Testing

@Suite("Documents")
struct DocumentTests {
    @Test("documents are stored, listed page by page, asked, replaced and deleted, and survive a restart")
    func life() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + end) } }
        try await LocalServer.run({ options, _ in options.documents = .file(file) }) { server in
            try await server.ready()
            for (name, place) in [("ada", "rome"), ("bob", "oslo"), ("cleo", "lima")] {
                let reply = try await put(server, name, "\(name) lives in the town of \(place).")
                #expect(reply.status == 201 && reply.headers.first(name: "location") == "/v1/documents/\(name)")
            }
            #expect(try await put(server, "ada", "ada lives in the town of paris.").status == 200)
            let plain = try await server.send(
                .PUT, "/v1/documents/dan.1_x-y", "dan lives in cairo.", headers: [("content-type", "text/plain")])
            #expect(plain.status == 201)
            let first = try await server.send(.GET, "/v1/documents?limit=3").json()
            #expect(first["documents"]?.array?.compactMap { $0["id"]?.string } == ["ada", "bob", "cleo"])
            #expect(first["next"]?.string == "cleo")
            let rest = try await server.send(.GET, "/v1/documents?limit=3&after=cleo").json()
            #expect(rest["documents"]?.array?.count == 1 && rest["next"] == .null)
        }
        try await LocalServer.run({ options, _ in options.documents = .file(file) }) { server in
            try await server.ready()
            let document = try await server.send(.GET, "/v1/documents/ada").json()
            #expect(document["text"]?.string == "ada lives in the town of paris.")
            let body = "{\"question\": \"where does ada live?\", \"top_k\": 2}"
            for _ in 0..<2 {
                let answers = try await server.post("/v1/documents/ada/answer", body)["answers"]?.array
                #expect(answers?.count == 2)
                #expect(answers?.first?["document"]?.string == "ada")
            }
            #expect(try await server.send(.DELETE, "/v1/documents/ada").status == 204)
            #expect(try await server.send(.DELETE, "/v1/documents/ada").status == 404)
            _ = try await server.post("/v1/documents/ada/answer", body, expecting: 404)
            #expect(try await server.send(.GET, "/v1/documents").json()["documents"]?.array?.count == 3)
        }
    }

    @Test("a question without a text is put to the passages that fit it, and its places count in the document")
    func search() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            let missing = try await server.post("/v1/answer", "{\"question\": \"where?\"}", expecting: 422)
            #expect(missing["error"]?["field"]?.string == "context")
            let filler = String(repeating: "🗼 the town of delhi. ", count: 200)
            _ = try await put(server, "long", filler + "eve lives in the town of oslo. " + filler)
            _ = try await put(server, "short", "finn lives in cairo.")
            for unit in ["unicode", "utf8", "utf16"] {
                let body = "{\"question\": \"Where does EVE live?\", \"top_k\": 9, \"offsets\": \"\(unit)\"}"
                let answers = try #require(try await server.post("/v1/answer", body)["answers"]?.array)
                #expect(answers.contains { $0["document"]?.string == "long" })
                for answer in answers {
                    let document = try #require(answer["document"]?.string)
                    let text = try #require(
                        try await server.send(.GET, "/v1/documents/\(document)").json()["text"]?.string)
                    #expect(slice(text, answer, unit) == answer["text"]?.string)
                    let passage = try #require(answer["passage"])
                    #expect(slice(text, passage, unit) == passage["text"]?.string)
                    #expect(document == "short" || passage["text"]?.string?.contains("eve") == true)
                }
            }
            let nothing = try await server.post("/v1/answer", "{\"question\": \"zzz\"}")
            #expect(nothing["answers"]?.array == [])
        }
    }

    @Test("with an encoder, documents that share no word with a question are found, also those stored before")
    func vectors() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + end) } }
        func documents(encoder: Bool, _ stored: String, _ text: String) async throws -> Set<String> {
            var found: Set<String> = []
            try await LocalServer.run({ options, shop in
                options.documents = .file(file)
                if encoder {
                    options.encoder = PassageEncoder(folder: "\(shop.path)/model")
                    options.encoder?.device = .cpu
                }
            }) { server in
                try await server.ready()
                #expect(try await put(server, stored, text).status == 201)
                let body = "{\"question\": \"zzz?\", \"top_k\": 50}"
                let answers = try await server.post("/v1/answer", body)["answers"]?.array ?? []
                found = Set(answers.compactMap { $0["document"]?.string })
            }
            return found
        }
        #expect(try await documents(encoder: false, "a", "ada lives in rome.") == [])
        #expect(try await documents(encoder: true, "b", "bob lives in oslo.") == ["a", "b"])
    }

    @Test(
        "nothing in a question is taken for the syntax of the search",
        arguments: [
            "\"rome\" OR NEAR(x", "rome*", "words:rome", "^rome", "{words}: rome", "a AND NOT b", "rome\u{0}x",
            "'; DROP TABLE document; --",
            "(((", "\"\"\"", "ro-me + x", "塔はどこですか", String(repeating: "rome ada ", count: 3),
        ])
    func syntax(question: String) async throws {
        try await SharedServer.use { server in
            _ = try await put(server, "syntax", "ada lives in rome. 塔はパリにある。")
            let reply = try await server.send(
                .POST, "/v1/answer", "{\"question\": \(JSONValue.string(question).serialized())}")
            // Signs alone are words for the model, and none for the search.
            #expect(reply.status == 200, "\(reply.text)")
        }
    }

    @Test(
        "bad ids, bad lists and blank texts are refused",
        arguments: ["%00", "a%0Ab", "%2E%2E", String(repeating: "a", count: 513)])
    func badIDs(id: String) async throws {
        try await SharedServer.use { server in
            let reply = try await put(server, id, "text")
            #expect(reply.status == 422, "\(reply.text)")
            #expect(try reply.json()["error"]?["field"]?.string == "id")
            for query in [
                "limit=0", "limit=x", "after=a%0Ab", "page=2", "filter=x", "filter=%zz", "filter=%7B%22a%22:%5B%5D%7D",
            ] {
                let reply = try await server.send(.GET, "/v1/documents?\(query)")
                #expect(reply.status == 422)
                let field = try #require(try reply.json()["error"]?["field"]?.string)
                #expect(field.split(separator: ".").first == query.split(separator: "=").first)
            }
            #expect(try await put(server, "blank", " \n").status == 400)
        }
    }

    @Test("a % in a path that no byte of UTF-8 follows is refused", arguments: ["%zz", "%FF", "a%2"])
    func badEncoding(id: String) async throws {
        try await SharedServer.use { server in
            // A client of its own would spell these otherwise.
            let head = "GET /v1/documents/\(id) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
            let reply = try await server.raw([head])
            #expect(reply.contains(" 422 ") && reply.contains("\"field\":\"id\""), "\(reply)")
        }
    }

    @Test(
        "an id may be any text, percent-encoded in paths",
        arguments: [
            ("a%20b", "a b"), ("docs%2Fread%20me.md", "docs/read me.md"), ("%C3%A9", "é"), ("100%25", "100%"),
            ("a%2525", "a%25"), ("...", "..."), ("-", "-"), ("answer", "answer"), ("a%3Fb%23c", "a?b#c"),
        ])
    func anyID(path: String, id: String) async throws {
        try await SharedServer.use { server in
            let reply = try await put(server, path, "Ada lives in rome.")
            #expect(reply.status < 300, "\(reply.text)")
            #expect(try reply.json()["id"]?.string == id)
            let location = try #require(reply.headers.first(name: "location"))
            #expect(try await server.send(.GET, location).json()["id"]?.string == id)
            let body = "{\"question\": \"who lives in rome?\"}"
            let answers = try await server.post("\(location)/answer", body)["answers"]?.array
            #expect(answers?.first?["document"]?.string == id)
            #expect(try await server.send(.DELETE, "/v1/documents/\(path)").status == 204)
            #expect(try await server.send(.GET, location).status == 404)
        }
    }

    @Test("a document has a title, a source and metadata, and filters choose by these")
    func metadata() async throws {
        try await LocalServer.run { server in
            try await server.ready()
            for (id, year) in [("a", 2019), ("b", 2020)] {
                let body = """
                    {"text": "ada lives in the town of rome.", "title": "Towns", "source": "https://example.org/\(id)",
                     "metadata": {"year": \(year), "language": "en", "draft": false}}
                    """
                #expect(try await server.send(.PUT, "/v1/documents/\(id)", body).status == 201)
            }
            _ = try await put(server, "c", "ada lives in the town of rome.")
            let document = try await server.send(.GET, "/v1/documents/b").json()
            #expect(document["title"]?.string == "Towns" && document["source"]?.string == "https://example.org/b")
            #expect(document["metadata"]?["year"]?.int == 2020 && document["metadata"]?["draft"]?.bool == false)
            let plain = try await server.send(.GET, "/v1/documents/c").json()
            #expect(plain["title"] == .null && plain["source"] == .null && plain["metadata"]?.object?.count == 0)
            for filter in ["%7B%22year%22:%5B2020%5D%7D", "%7B%22year%22:%202020%7D", "%7B%22year%22%3A+2020%7D"] {
                let list = try await server.send(.GET, "/v1/documents?filter=\(filter)").json()
                #expect(list["documents"]?.array?.compactMap { $0["id"]?.string } == ["b"])
            }
            let answers = try await server.post(
                "/v1/answer", "{\"question\": \"who lives in rome?\", \"top_k\": 9, \"filter\": {\"year\": 2019}}")
            let found = try #require(answers["answers"]?.array)
            #expect(!found.isEmpty && found.allSatisfy { $0["document"]?.string == "a" })
            #expect(found.first?["title"]?.string == "Towns")
            let none = try await server.post(
                "/v1/answer", "{\"question\": \"who lives in rome?\", \"filter\": {\"year\": \"2019\"}}")
            #expect(none["answers"]?.array == [])
            // A text that is stored anew has what comes with it, and nothing else.
            _ = try await put(server, "a", "ada lives in rome.")
            #expect(try await server.send(.GET, "/v1/documents/a").json()["title"] == .null)
        }
    }

    @Test(
        "wrong fields of a document and of a filter are named",
        arguments: [
            ("{\"text\": \"a\", \"title\": \"\"}", "title"), ("{\"text\": \"a\", \"title\": 1}", "title"),
            ("{\"text\": \"a\", \"source\": \"a\\u0000\"}", "source"),
            ("{\"text\": \"a\", \"metadata\": []}", "metadata"),
            ("{\"text\": \"a\", \"metadata\": {\"b\": [1]}}", "metadata.b"),
            ("{\"text\": \"a\", \"tittle\": \"b\"}", "tittle"),
        ])
    func wrongFields(body: String, field: String) async throws {
        try await SharedServer.use { server in
            let reply = try await server.send(.PUT, "/v1/documents/wrong", body)
            #expect(reply.status == 422, "\(reply.text)")
            #expect(try reply.json()["error"]?["field"]?.string == field)
            for (filter, field) in [("[]", "filter"), ("{\"a\": {}}", "filter.a"), ("{\"a\": []}", "filter.a")] {
                let error = try await server.post(
                    "/v1/answer", "{\"question\": \"who?\", \"filter\": \(filter)}", expecting: 422)
                #expect(error["error"]?["field"]?.string == field)
            }
            let both = try await server.post(
                "/v1/answer", "{\"question\": \"who?\", \"context\": \"a\", \"filter\": {}}", expecting: 422)
            #expect(both["error"]?["field"]?.string == "filter")
        }
    }

    @Test("the store has limits of count and size, and says which is reached")
    func limits() async throws {
        try await LocalServer.run({ options, _ in
            options.limits.documents = 2
            options.limits.storedBytes = 60
        }) { server in
            try await server.ready()
            #expect(try await put(server, "a", "ada lives in rome.").status == 201)
            let large = try await put(server, "b", String(repeating: "rome ", count: 20))
            #expect(large.status == 409 && large.text.contains("60"))
            #expect(try await put(server, "b", "bob lives in oslo.").status == 201)
            let third = try await put(server, "c", "rome")
            #expect(third.status == 409 && third.text.contains("store_full"))
            // Replacing needs no more room, and a refusal changes nothing.
            #expect(try await put(server, "a", String(repeating: "rome ", count: 20)).status == 409)
            #expect(try await server.send(.GET, "/v1/documents/a").json()["text"]?.string == "ada lives in rome.")
        }
    }

    @Test("a database and its companions are readable by their user alone, also one that was readable by all")
    func privacy() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + end) } }
        for _ in 0..<2 {
            try await LocalServer.run({ options, _ in options.documents = .file(file) }) { server in
                try await server.ready()
                #expect(try await put(server, "a", "ada lives in rome.").status < 300)
                for end in ["", "-wal", "-shm"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: file + end)
                    #expect(attributes[.posixPermissions] as? Int == 0o600, "\(end)")
                }
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        }
    }

    @Test("a database that is removed or replaced under the server is reported, and nothing is stored in vain")
    func removed() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + end) } }
        try await LocalServer.run({ options, _ in options.documents = .file(file) }) { server in
            try await server.ready()
            #expect(try await put(server, "a", "ada lives in rome.").status == 201)
            try FileManager.default.removeItem(atPath: file)
            for replaced in [false, true] {
                if replaced { try Data().write(to: URL(fileURLWithPath: file)) }
                let reply = try await put(server, "b", "bob lives in oslo.")
                #expect(reply.status == 503 && reply.text.contains(file), "\(reply.text)")
                #expect(try await server.send(.GET, "/v1/documents").status == 503)
                #expect(try await server.send(.DELETE, "/v1/documents/a").status == 503)
            }
            #expect(server.log.lines.contains { $0.contains("error") && $0.contains("removed or replaced") })
            #expect(try await server.send(.GET, "/metrics").text.contains("bertqa_documents_available 0"))
            #expect(try await server.send(.POST, "/v1/answer", request("who?", "rome")).status == 200)
        }
    }

    @Test("without a place for documents everything else works, and a client is told how to have them")
    func nowhere() async throws {
        try await LocalServer.run({ options, _ in options.documents = .nowhere(reason: "start it with a folder") }) {
            server in
            try await server.ready()
            #expect(try await server.send(.POST, "/v1/answer", request("who?", "rome")).status == 200)
            for (method, path) in [(.GET, ""), (.PUT, "/a"), (.GET, "/a"), (.DELETE, "/a")] as [(HTTPMethod, String)] {
                let reply = try await server.send(
                    method, "/v1/documents\(path)", method == .PUT ? "{\"text\": \"a\"}" : nil)
                #expect(reply.status == 501 && reply.text.contains("start it with a folder"), "\(reply.text)")
            }
            #expect(try await server.send(.POST, "/v1/answer", "{\"question\": \"who?\"}").status == 501)
        }
    }

    @Test("a file that is no database stops the server before it listens")
    func noDatabase() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).sqlite").path
        try Data(repeating: 65, count: 4096).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let error = await #expect(throws: DocumentStoreError.self) {
            try await LocalServer.run({ options, _ in options.documents = .file(file) }) { _ in }
        }
        #expect(error?.description.contains(file) == true)
    }

    private func put(_ server: LocalServer, _ id: String, _ text: String) async throws -> LocalServer.Reply {
        try await server.send(.PUT, "/v1/documents/\(id)", "{\"text\": \(JSONValue.string(text).serialized())}")
    }

    private func slice(_ text: String, _ place: JSONValue, _ unit: String) -> String? {
        guard let start = place["start"]?.int, let end = place["end"]?.int else { return nil }
        switch unit {
        case "utf8": return String(decoding: Array(text.utf8)[start..<end], as: UTF8.self)
        case "utf16": return String(decoding: Array(text.utf16)[start..<end], as: UTF16.self)
        default: return String(String.UnicodeScalarView(Array(text.unicodeScalars)[start..<end]))
        }
    }
}
