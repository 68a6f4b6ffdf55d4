import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("The pages on serving")
struct ServingDocsTests {
    /// Each page with the least number of examples that it has.
    @Test(
        "every curl example works as it is written",
        arguments: [("guide/serve.md", 3), ("reference/http-api.md", 13)])
    func examples(page: String, count: Int) throws {
        let shop = try Workshop()
        let server = try ServingTool(shop, ["--database", "none"])
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/\(page)")
        let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```sh curl\n").dropFirst()
        #expect(parts.count >= count)
        for part in parts {
            let command = part.components(separatedBy: "\n```")[0]
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
