import Foundation
import Hub
import LocalHub
import Testing

private let hubPython = ProcessInfo.processInfo.environment["BERTQA_HUB_PYTHON"]

@Suite("The hub of these tests")
struct PythonClientTests {
    @Test(
        "takes uploads of huggingface_hub itself, and finds what BertQA uploaded unchanged",
        .enabled(if: hubPython != nil, "BERTQA_HUB_PYTHON names a Python with huggingface_hub"),
        arguments: [nil, 107_000])
    func python(_ partSize: Int?) async throws {
        let files = UploadWorld.files.filter { UploadWorld.sent.contains($0.key) }
        try await UploadWorld.with(files, { $0.partSize = partSize }) { world in
            let output = try run(["owner/bert", "v2"], world)
            #expect(Set(output.split(separator: "\n").map(String.init)) == UploadWorld.sent.union([".gitattributes"]))
            for (name, text) in files { #expect(world.branch("v2")[name] == Data(text.utf8)) }
            let count = partSize == nil ? 1 : 3
            #expect(world.requests("/bucket/").count == count)
            // The same files from here differ in nothing, and the other way round.
            let outcome = try await world.upload("owner/bert@v2")
            #expect(outcome.commit == nil)
            _ = try await world.upload("owner/bert@v3")
            _ = try run(["owner/bert", "v3"], world)
            #expect(world.requests("/commit/").count == 2 && world.requests("/bucket/").count == count)
        }
    }

    /// Runs the script; its output.
    private func run(_ arguments: [String], _ world: UploadWorld) throws -> String {
        let tools = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Tools/hub_upload.py").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(hubPython))
        process.arguments = [tools, world.server.endpoint, "secret", world.folder] + arguments
        process.environment = ["HF_HOME": "/nowhere", "PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }
}
