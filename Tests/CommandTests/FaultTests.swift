import AsyncHTTPClient
import Foundation
import LocalHub
import NIOCore
import NIOHTTP1
import Testing
import Workshop

@Suite(
    "A call on a file that fails", .serialized,
    .enabled(if: Faults.library != nil, "a C compiler builds the library that lets calls fail, on Linux"))
struct FaultTests {
    private let model = ["--model", "model", "--max-length", "32", "--precision", "fp32", "--threads", "1"]

    private func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

    /// The status and the body of an answer.
    private func send(
        _ method: HTTPMethod, _ address: String, _ document: String
    ) async throws -> (status: Int, text: String) {
        var request = HTTPClientRequest(url: "\(address)/v1/documents/\(document)")
        request.method = method
        if method == .PUT {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: #"{"text": "ada lives in the town of rome."}"#))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    private func put(_ server: ServingTool, _ document: String) async throws -> Int {
        try await send(.PUT, server.address, document).status
    }

    private func get(_ server: ServingTool, _ document: String) async throws -> Int {
        try await send(.GET, server.address, document).status
    }

    @Test("while a dataset is converted leaves the old file or the new one")
    func converting() throws {
        try withWorkshop { shop in
            let arguments = ["convert", "--data", "train.json", "--output", "converted.json"]
            #expect(try Tool.run(arguments, shell: "cd \(shop.path)").status == 0)
            let new = contents("\(shop.path)/converted.json")
            let old = Data("what was there".utf8)
            try old.write(to: URL(fileURLWithPath: "\(shop.path)/converted.json"))
            try Faults.everyCall(of: arguments, template: shop.path) { folder, succeeded, call in
                let found = contents("\(folder)/converted.json")
                #expect(found == new || (!succeeded && found == old), "\(call)")
            }
        }
    }

    @Test("while a prediction goes on loses none of the answers that were there")
    func predicting() throws {
        try withWorkshop { shop in
            let arguments = ["predict", "--data", "train.json", "--output", "answers.json"] + model
            #expect(try Tool.run(arguments, shell: "cd \(shop.path)").status == 0)
            let whole = contents("\(shop.path)/answers.json")
            // Stopped when all is answered and the file is to be written.
            unlink("\(shop.path)/answers.json")
            let faults = Faults(folder: shop.path)
            let calls = try faults.calls { shell in
                let output = try Tool.run(arguments, shell: shell)
                #expect(output.status == 0, "\(output.err)")
            }
            unlink("\(shop.path)/answers.json")
            let number = try #require(
                calls.firstIndex { $0.hasPrefix("create") && $0.hasSuffix("answers.json.partial") })
            let stopped = try Tool.run(arguments, shell: try faults.shell(["FAULTS_FAIL": "\(number + 1)"]))
            #expect(stopped.status == 74, "\(stopped.err)")
            #expect(contents("\(shop.path)/answers.json.progress") != nil)
            try Faults.everyCall(of: arguments + ["--resume"], template: shop.path) { folder, succeeded, call in
                let found = contents("\(folder)/answers.json")
                #expect(found == whole || (!succeeded && found == nil), "\(call)")
            }
        }
    }

    @Test("while a training saves leaves a checkpoint from which it ends with the same model")
    func training() throws {
        try withWorkshop { shop in
            let arguments =
                [
                    "train", "--train-file", "train.json", "--validation-fraction", "0", "--output-dir", "run",
                    "--batch-size",
                    "4", "--epochs", "2", "--save-steps", "2", "--keep-checkpoints", "1", "--tensorboard", "--resume",
                ] + model
            #expect(try Tool.run(arguments, shell: "cd \(shop.path)").status == 0)
            let names = ["model.safetensors", "tensorboard/train/events.out.tfevents.0000000000.bertqa"]
            let whole = names.map { contents("\(shop.path)/run/\($0)") }
            #expect(whole[0] != nil)
            try FileManager.default.removeItem(atPath: "\(shop.path)/run")
            try Faults.everyCall(of: arguments, template: shop.path) { folder, succeeded, call in
                guard succeeded else { return }
                #expect(names.map { contents("\(folder)/run/\($0)") } == whole, "\(call)")
            }
        }
    }

    @Test("while a model is downloaded leaves nothing that passes for whole")
    func downloading() throws {
        let files = [
            "config.json": "{}", "vocab.txt": "[PAD]\n",
            "model.safetensors": String(repeating: "weights ", count: 20_000),
        ]
        let hub = try LocalHub(files: files)
        defer { hub.stop() }
        hub.state.withLock { $0.stored = ["model.safetensors"] }
        let template = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: template, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: template) }
        let snapshot = "models--owner--bert/snapshots/\(LocalHub.commit)"
        try Faults.everyCall(
            of: ["download", "owner/bert"], template: template,
            environment: ["HF_HUB_CACHE": "\(template)-faults", "HF_ENDPOINT": hub.endpoint]
        ) { folder, succeeded, call in
            for (name, text) in files {
                let found = contents("\(folder)/\(snapshot)/\(name)")
                #expect(found == Data(text.utf8) || (!succeeded && found == nil), "\(call): \(name)")
            }
        }
    }

    @Test("while a document is stored loses no document that was there, and none that was accepted")
    func storing() async throws {
        let shop = try Workshop()
        let template = "\(shop.path)/documents"
        try FileManager.default.createDirectory(atPath: template, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let folder = "\(shop.path)/store"
        let faults = Faults(folder: folder)
        func serve(_ shell: String?) throws -> ServingTool {
            try ServingTool(shop, ["--database", "\(folder)/documents.sqlite"], shell: shell)
        }
        func renew() throws {
            if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.copyItem(atPath: template, toPath: folder)
        }
        // A database with one document is what was there.
        try renew()
        let first = try serve(nil)
        #expect(try await put(first, "old") == 201)
        first.running.send(SIGTERM)
        _ = try first.running.finish()
        try FileManager.default.removeItem(atPath: template)
        try FileManager.default.copyItem(atPath: folder, toPath: template)

        let log = folder + ".log"
        let whole = try serve(try faults.shell(["FAULTS_LOG": log]))
        #expect(try await put(whole, "new") == 201)
        whole.running.send(SIGTERM)
        _ = try whole.running.finish()
        let calls = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        unlink(log)

        for number in Faults.chosen(of: calls) {
            try renew()
            let code = Faults.code(of: calls[number - 1])
            var status: Int?
            let shell = try faults.shell(["FAULTS_FAIL": "\(number)", "FAULTS_ERRNO": "\(code)"])
            let (server, address) = try ServingTool.start(
                shop, ["--database", "\(folder)/documents.sqlite"], shell: shell)
            // A server that cannot open its database says so and ends.
            if !address.isEmpty {
                status = try await send(.PUT, address, "new").status
                server.send(SIGTERM)
            }
            let output = try server.finish()
            #expect(!output.signalled, "call \(number), \(calls[number - 1]): \(output.err)")
            #expect(!address.isEmpty || output.status == 74, "\(output.status) \(output.err)")
            let name: Comment = "call \(number), \(calls[number - 1]): \(status.map(String.init) ?? "not started")"
            let later = try serve(nil)
            #expect(try await get(later, "old") == 200, name)
            let stored = try await get(later, "new")
            #expect(stored == 200 || (status != 201 && stored == 404), name)
            #expect(try await put(later, "newer") == 201, name)
            later.running.send(SIGTERM)
            #expect(try later.running.finish().status == 0, name)
        }
    }
    @Test(
        "onto a full disk, while a document is stored or deleted, is status 507, and the server goes on",
        arguments: [HTTPMethod.PUT, .DELETE])
    func fullDisk(method: HTTPMethod) async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let (folder, log) = ("\(shop.path)/store", "\(shop.path)/store.log")
        let faults = Faults(folder: folder)
        func serve(_ variables: [String: String]) async throws -> ServingTool {
            if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let server = try ServingTool(
                shop, ["--database", "\(folder)/documents.sqlite"], shell: try faults.shell(variables))
            #expect(try await put(server, "old") == 201)
            return server
        }
        func calls() throws -> [Substring] { try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") }
        let document = method == .PUT ? "new" : "old"
        // Which call is the first that writes what the request changes.
        let whole = try await serve(["FAULTS_LOG": log])
        let before = try calls().count
        #expect(try await [201, 204].contains(send(method, whole.address, document).status))
        let first = try #require(
            try calls().dropFirst(before).firstIndex { $0.hasPrefix("write") && $0.hasSuffix("documents.sqlite-wal") })
        whole.running.send(SIGTERM)
        #expect(try whole.running.finish().status == 0)

        let server = try await serve(["FAULTS_FAIL": "\(first + 1)", "FAULTS_ERRNO": "\(ENOSPC)"])
        let full = try await send(method, server.address, document)
        #expect(full.status == 507 && full.text.contains("disk_full"), "\(full)")
        #expect(try await get(server, "old") == 200)
        #expect(try await get(server, "new") == 404)
        // There is room again.
        #expect(try await [201, 204].contains(send(method, server.address, document).status))
        server.running.send(SIGTERM)
        let output = try server.running.finish()
        #expect(output.status == 0 && output.err.contains("the disk is full"), "\(output.err)")
    }
}
