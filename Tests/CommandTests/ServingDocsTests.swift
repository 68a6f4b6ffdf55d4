import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("The pages on serving")
struct ServingDocsTests {
    /// Each page with the least number of examples that it has.
    @Test(
        "every curl example works as it is written",
        arguments: [("guide/serve.md", 5), ("guide/documents.md", 3), ("reference/http-api.md", 13)])
    func examples(page: String, count: Int) throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none"])
        let commands = try Self.commands(page)
        #expect(commands.count >= count)
        for command in commands {
            let output = try shell(command + " -w '\\n%{http_code}'", address: server.address)
            var lines = output.split(separator: "\n", omittingEmptySubsequences: false)
            let status = lines.popLast() ?? ""
            #expect(["200", "201", "204"].contains(status), "\(command)\n\(output)")
            let body = lines.joined(separator: "\n")
            if !command.contains("metrics"), status != "204" {
                #expect(throws: Never.self, "\(command)") { try JSONValue.parse(Array(body.utf8)) }
            }
        }
        server.running.send(SIGTERM)
        #expect(try server.running.finish().status == 0)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("each operation of the server's description has a curl example")
    func operations() throws {
        let shown = try ["guide/serve.md", "reference/http-api.md"].flatMap(Self.commands).map { command in
            let method =
                command.firstMatch(of: /-X ([A-Z]+)/).map { String($0.1) } ?? (command.contains("-d ") ? "POST" : "GET")
            let path = try #require(command.firstMatch(of: /\$BERTQA(\/[^ "?]*)/)).1
            return "\(method) " + path.replacing(/\/documents\/[a-z]+/, with: "/documents/{id}")
        }
        let file = try String(contentsOf: Self.root("Sources/QAServer/API/openapi.json"), encoding: .utf8)
        let paths = try #require(try JSONValue.parse(Array(file.utf8))["paths"]?.object)
        for (path, methods) in paths {
            for (method, operation) in try #require(methods.object) where operation["operationId"] != nil {
                // The page is for people.
                guard path != "/" || method != "get" else { continue }
                #expect(shown.contains("\(method.uppercased()) \(path)"))
            }
        }
    }

    private static func root(_ path: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../\(path)")
    }

    /// The curl examples of a page.
    private static func commands(_ page: String) throws -> [String] {
        try String(contentsOf: root("docs/\(page)"), encoding: .utf8).components(separatedBy: "```sh curl\n")
            .dropFirst().map { $0.components(separatedBy: "\n```")[0] }
    }

    private func shell(_ command: String, address: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.environment = ProcessInfo.processInfo.environment.merging(["BERTQA": address]) { $1 }
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let text = try out.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }
}
