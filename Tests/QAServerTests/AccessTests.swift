import Foundation
import NIOHTTP1
import QAServer
import StrictJSON
import Testing

@Suite("Who may ask")
struct AccessTests {
    @Test(
        "on loopback only names of loopback are answered to, in any spelling",
        arguments: [
            ("localhost", 200), ("LOCALHOST:8080", 200), ("127.0.0.1:1", 200), ("[::1]:9", 200), ("localhost.", 200),
            ("qa.example", 200), ("rebound.example", 403), ("127.0.0.1.rebound.example", 403),
            ("localhost.rebound.example", 403), ("[::2]", 403), ("user@rebound.example", 403),
            ("rebound.example:127.0.0.1", 403),
        ])
    func hosts(_ name: String, _ status: Int) async throws {
        try await LocalServer.run({ options, _ in options.allowedHosts = ["QA.example"] }) { server in
            for method in [HTTPMethod.GET, .PUT, .DELETE] {
                let path = method == .GET ? "/v1/documents" : "/v1/documents/a"
                let body = method == .PUT ? "{\"text\": \"rome\"}" : nil
                let reply = try await server.send(method, path, body, headers: [("host", name)])
                #expect((reply.status == 403) == (status == 403), "\(method) \(name): \(reply.text)")
                if status == 403 { #expect(reply.text.contains("forbidden_host")) }
            }
            // What watches a server may know it by its address.
            #expect(try await server.send(.GET, "/health", headers: [("host", name)]).status == 200)
        }
    }

    @Test("a second Host does not hide the first")
    func twoHosts() async throws {
        try await SharedServer.use { server in
            let reply = try await server.raw([
                "GET /v1/documents HTTP/1.1\r\nhost: localhost\r\nhost: rebound.example\r\nconnection: close\r\n\r\n"
            ])
            #expect(reply.hasPrefix("HTTP/1.1 400"), "\(reply)")
        }
    }

    @Test(
        "what a browser sends for a page of another origin is refused, and what it sends for its own page is not",
        arguments: [
            ([("origin", "https://evil.example")], 403), ([("origin", "null")], 403),
            ([("sec-fetch-site", "cross-site")], 403),
            ([("origin", "http://127.0.0.1:1"), ("sec-fetch-site", "same-site")], 403),
            ([("sec-fetch-site", "same-origin")], 200), ([("sec-fetch-site", "none")], 200), ([], 200),
            ([("origin", "OWN")], 200), ([("origin", "OWN"), ("sec-fetch-site", "same-origin")], 200),
        ] as [([(String, String)], Int)])
    func origins(_ headers: [(String, String)], _ status: Int) async throws {
        try await SharedServer.use { server in
            let headers = headers.map { ($0.0, $0.1 == "OWN" ? "http://127.0.0.1:\(server.port)" : $0.1) }
            let body = request("who lives in rome?", APITests.text)
            #expect(try await server.send(.POST, "/v1/answer", body, headers: headers).status == status)
            let list = try await server.send(.GET, "/v1/documents", headers: headers)
            #expect(list.status == status, "\(headers): \(list.text)")
            #expect(list.headers.first(name: "access-control-allow-origin") == nil)
        }
    }

    @Test("a link on another site leads to the page")
    func links() async throws {
        try await SharedServer.use { server in
            let visit = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
            let page = try await server.send(.GET, "/", headers: visit)
            let documents = try await server.send(.GET, "/v1/documents", headers: visit)
            #expect(page.status == 200 && documents.status == 403)
        }
    }

    @Test("an origin that is allowed gets its preflight, and may read answers and errors")
    func cors() async throws {
        try await LocalServer.run({ options, _ in
            options.allowedOrigins = ["https://app.example"]
            options.apiKey = try APIKey("a key of some length")
        }) { server in
            try await server.ready()
            let origin = ("origin", "https://app.example")
            let ask = [
                ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type"),
            ]
            let preflight = try await server.send(.OPTIONS, "/v1/answer", headers: [origin] + ask)
            #expect(preflight.status == 204)
            #expect(preflight.headers.first(name: "access-control-allow-origin") == "https://app.example")
            #expect(preflight.headers.first(name: "access-control-allow-methods") == "POST")
            #expect(preflight.headers.first(name: "access-control-allow-headers")?.contains("authorization") == true)
            let other = try await server.send(
                .OPTIONS, "/v1/answer", headers: [("origin", "https://app.example.evil")] + ask)
            #expect(other.status == 403 && other.headers.first(name: "access-control-allow-origin") == nil)
            #expect(try await server.send(.OPTIONS, "/v1/nothing", headers: [origin] + ask).status == 401)
            let refused = try await server.send(.POST, "/v1/answer", "{}", headers: [origin])
            #expect(refused.status == 401)
            #expect(refused.headers.first(name: "access-control-allow-origin") == "https://app.example")
            let key = ("authorization", "Bearer a key of some length")
            let body = request("who lives in rome?", APITests.text)
            let answer = try await server.send(
                .POST, "/v1/answer", body, headers: [origin, key, ("sec-fetch-site", "cross-site")])
            #expect(answer.status == 200 && answer.headers.first(name: "vary") == "Origin")
        }
    }

    @Test(
        "a body must say that it is JSON; plain text is taken where it is documented",
        arguments: [
            ("application/json", 200, 200), ("Application/JSON; charset=utf-8", 200, 200), ("text/plain", 415, 200),
            ("application/x-www-form-urlencoded", 415, 415), ("multipart/form-data; boundary=a", 415, 415),
            ("", 415, 415),
            ("text/json", 415, 415), ("application/jsonx", 415, 415),
        ])
    func mediaTypes(_ type: String, _ post: Int, _ put: Int) async throws {
        try await SharedServer.use { server in
            let header = [("content-type", type)]
            let asked = try await server.send(
                .POST, "/v1/answer", request("who lives in rome?", APITests.text), headers: header)
            #expect(asked.status == post, "\(asked.text)")
            if post == 415 { #expect(asked.text.contains("application/json")) }
            #expect(try await server.send(.POST, "/", "{}", headers: header).status == (post == 415 ? 415 : 422))
            let stored = try await server.send(.PUT, "/v1/documents/media", "{\"text\": \"rome\"}", headers: header)
            #expect((stored.status == 415) == (put == 415), "\(stored.text)")
            _ = try await server.send(.DELETE, "/v1/documents/media")
        }
    }

    @Test(
        "a text that is no key says why",
        arguments: [
            (" \n", "no API key"), ("fifteen-letters", "15 characters"),
            ("one-key-of-enough-length\nanother one\n", "2 lines"),
        ])
    func badKeys(_ text: String, _ words: String) {
        let error = #expect(throws: APIKeyError.self) { try APIKey(text) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test("an address that tries one key after another is slowed down; repeating an old key does not count")
    func guessing() async throws {
        try await LocalServer.run({ options, _ in options.apiKey = try APIKey("a key of some length") }) { server in
            func ask(_ key: String) async throws -> LocalServer.Reply {
                try await server.send(.GET, "/v1/documents", headers: [("authorization", "Bearer \(key)")])
            }
            for _ in 0..<20 { #expect(try await ask("an old key of ours").status == 401) }
            #expect(try await ask("a key of some length").status == 200)
            var statuses: [Int] = []
            for number in 0..<40 { statuses.append(try await ask("guess number \(number)").status) }
            #expect(statuses.prefix(9).allSatisfy { $0 == 401 })
            let refused = statuses.filter { $0 == 429 }.count
            #expect(refused >= 20, "\(statuses)")
            let reply = try await ask("a key of some length")
            #expect(reply.status == 429 && reply.text.contains("too_many_keys"))
            let seconds = try #require(reply.headers.first(name: "retry-after").flatMap { Int($0) })
            try await Task.sleep(for: .seconds(seconds))
            #expect(try await ask("a key of some length").status == 200)
            #expect(try await server.send(.GET, "/health").status == 200)
        }
    }
}
