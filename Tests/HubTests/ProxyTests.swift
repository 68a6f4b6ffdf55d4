import Foundation
import Hub
import Testing

@Suite("The way to the hub")
struct ProxyTests {
    private func proxy(_ environment: [String: String], _ address: String) throws -> ProxySettings.Proxy? {
        try ProxySettings(environment: environment).proxy(for: try #require(URL(string: address)))
    }

    @Test("a proxy is asked for plain HTTP with the whole address, and the hub's name is not looked up")
    func forwarded() async throws {
        let id = try #require(HubModelID("owner/bert"))
        try await HubWorld.with { server, settings in
            // The store, too, has a name that only the proxy knows.
            server.state.withLock { $0.storeHost = "http://store.invalid" }
            var settings = settings
            settings.endpoint = "http://hub.invalid"
            settings.token = "secret"
            settings.proxies = ProxySettings(environment: ["http_proxy": "http://me:word@127.0.0.1:\(server.port)"])
            let folder = try await Hub(settings: settings).model(id)
            #expect(try String(contentsOfFile: "\(folder)/vocab.txt", encoding: .utf8) == HubWorld.files["vocab.txt"])
            let requests = server.state.withLock { $0.requests }
            #expect(
                requests.allSatisfy {
                    $0.path.hasPrefix("http://hub.invalid/owner/") || $0.path.hasPrefix("http://store.invalid/")
                })
            #expect(requests.allSatisfy { $0.headers["host"] == URL(string: $0.path)?.host() })
            #expect(requests.allSatisfy { $0.headers["proxy-authorization"] == "Basic bWU6d29yZA==" })
            let stored = requests.filter { $0.path.contains("store.invalid") }
            #expect(!stored.isEmpty && stored.allSatisfy { $0.headers["authorization"] == nil })
        }
    }

    @Test("a proxy is asked to connect for HTTPS; one that refuses is named with its variable")
    func tunnel() async throws {
        let id = try #require(HubModelID("owner/bert"))
        try await HubWorld.with { server, settings in
            var settings = settings
            settings.endpoint = "https://hub.invalid"
            settings.proxies = ProxySettings(environment: ["HTTPS_PROXY": "127.0.0.1:\(server.port)"])
            let error = try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id) }
            #expect(
                error.description.contains(
                    "the proxy 127.0.0.1:\(server.port) (HTTPS_PROXY) does not connect to hub.invalid"))
            #expect(server.state.withLock { $0.requests.first?.method } == "CONNECT")
            #expect(server.state.withLock { $0.requests.first?.path } == "hub.invalid:443")
        }
    }

    @Test("a hub that NO_PROXY names is asked directly")
    func direct() async throws {
        let id = try #require(HubModelID("owner/bert"))
        try await HubWorld.with { server, settings in
            var settings = settings
            settings.proxies = ProxySettings(environment: [
                "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1,localhost",
            ])
            _ = try await Hub(settings: settings).model(id)
            #expect(server.state.withLock { $0.requests.allSatisfy { $0.path.hasPrefix("/") } })
        }
    }

    @Test(
        "the variables are read as httpx reads them",
        arguments: [
            (["HTTPS_PROXY": "http://p:1"], "https://h/", "p:1"), (["HTTP_PROXY": "http://p:1"], "https://h/", nil),
            (["HTTP_PROXY": "p:1"], "http://h/", "p:1"), (["ALL_PROXY": "http://p"], "https://h/", "p:80"),
            (["all_proxy": "socks5h://p"], "http://h/", "p:1080"),
            (["HTTP_PROXY": "http://p:1", "http_proxy": "http://q:2"], "http://h/", "q:2"),
            (["HTTP_PROXY": "http://p:1", "http_proxy": ""], "http://h/", nil),
            (["HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"], "http://h/", nil),
            (["HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://q:2"], "http://h/", "p:1"), ([:], "http://h/", nil),
        ] as [([String: String], String, String?)])
    func variables(_ environment: [String: String], _ address: String, _ expected: String?) throws {
        #expect(try proxy(environment, address).map { "\($0.host):\($0.port)" } == expected)
    }

    @Test(
        "NO_PROXY names hosts, domains, addresses, ports or everything",
        arguments: [
            ("hub.example", "http://hub.example/", true), ("hub.example", "http://www.hub.example/", true),
            ("hub.example", "http://myhub.example/", false), (".hub.example", "http://hub.example/", false),
            (".hub.example", "http://www.hub.example/", true), ("*", "http://x/", true), ("a, x ,b", "http://x/", true),
            ("x:8080", "http://x/", false), ("x:8080", "http://x:8080/", true), ("X", "http://x/", true),
            ("10.0.0.1", "http://10.0.0.1/", true), ("0.0.1", "http://10.0.0.1/", false),
            ("::1", "http://[::1]/", true),
            ("[::1]", "http://[::1]/", true), ("localhost", "http://my.localhost/", false), ("", "http://x/", false),
            ("https://x", "http://x/", false), ("http://x", "http://x/", true), ("all://x", "https://x/", true),
        ])
    func exceptions(_ list: String, _ address: String, _ isExcepted: Bool) throws {
        let environment = ["ALL_PROXY": "http://p:1", "NO_PROXY": list]
        #expect(try (proxy(environment, address) == nil) == isExcepted)
    }

    @Test(
        "a value that names no proxy is refused with its variable",
        arguments: ["http://", "https://p:1", "socks4://p", "ftp://p", "socks5://me:word@p", "http://p:port"])
    func refused(_ value: String) throws {
        let error = #expect(throws: HubError.self) { try proxy(["HTTPS_PROXY": value], "https://h/") }
        #expect(error?.description.contains("HTTPS_PROXY") == true && error?.description.contains("word") == false)
    }

    @Test("what keeps from reaching the hub is said in a sentence")
    func sentences() async throws {
        let id = try #require(HubModelID("owner/bert"))
        func sentence(_ endpoint: String, _ environment: [String: String] = [:]) async throws -> String {
            var settings = HubSettings(endpoint: endpoint, cache: "/does/not/exist")
            settings.proxies = ProxySettings(environment: environment)
            return try await #require(throws: HubError.self) { try await Hub(settings: settings).model(id) }.description
        }
        #expect(try await sentence("http://127.0.0.1:9").contains("127.0.0.1 refuses the connection"))
        #expect(try await sentence("http://hub.invalid").contains("the name hub.invalid does not resolve"))
        #expect(try await sentence("ftp://hub").contains("expected one that begins with https://"))
        #expect(
            try await sentence("http://hub", ["HTTP_PROXY": "http://127.0.0.1:9"])
                .contains("the proxy 127.0.0.1:9 (HTTP_PROXY) refuses the connection"))
    }
}
