import FineTuning
import Foundation
import LocalHub
import Testing
import Workshop

@Suite("bertqa upload")
struct UploadTests {
    /// Runs `body` with a finished run and a hub that takes uploads.
    private func withRun(_ body: (Workshop, LocalHub) throws -> Void) throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.validationFile = options.trainFile
            _ = try Trainer.train(options)
            let hub = try LocalHub()
            defer { hub.stop() }
            hub.state.withLock { $0.desk = UploadDesk() }
            try body(shop, hub)
            #expect(hub.state.withLock { $0.desk?.faults } == [])
        }
    }

    private func upload(_ hub: LocalHub, _ arguments: [String], token: String = "secret") throws -> Tool.Output {
        let variables = "HF_ENDPOINT=\(hub.endpoint) HF_TOKEN=\(token) HF_HOME=/nowhere NO_PROXY='*'"
        return try Tool.run(["upload"] + arguments, shell: "export \(variables)")
    }

    @Test("sends a run with a card that names the repository, says the commit's address, and never the token")
    func whole() throws {
        try withRun { shop, hub in
            let run = "\(shop.path)/run"
            let output = try upload(hub, [run, "owner/ada", "--private"])
            #expect(output.status == 0, "\(output.err)")
            #expect(output.out == "\(hub.endpoint)/owner/ada/commit/\(LocalHub.commit)\n")
            #expect(!(output.out + output.err).contains("secret"))
            let repository = try #require(hub.state.withLock { $0.desk?.repositories["owner/ada"] })
            #expect(repository.isPrivate)
            let files = repository.branches["main"] ?? [:]
            #expect(files["model.safetensors"].map(Array.init) == (try shop.bytes("run/model.safetensors")))
            #expect(files["run.json"] == nil && !files.keys.contains { $0.contains("checkpoint") })
            let card = String(decoding: files["README.md"] ?? Data(), as: UTF8.self)
            #expect(card.contains("\n# owner/ada\n") && card.contains("model-index:\n- name: \"owner/ada\""))
            #expect(!card.contains(shop.path))
            let again = try upload(hub, [run, "owner/ada"])
            #expect(again.status == 0 && again.out == "\(hub.endpoint)/owner/ada\n", "\(again.err)")
            #expect(again.err.contains("nothing was sent"))
        }
    }

    @Test("leaves a card alone that its owner has changed, and refuses what it cannot do")
    func refused() throws {
        try withRun { shop, hub in
            let run = "\(shop.path)/run"
            try Data("# My own\n".utf8).write(to: URL(fileURLWithPath: "\(run)/README.md"))
            let output = try upload(hub, [run, "owner/ada", "--revision", "try"])
            #expect(output.status == 0, "\(output.err)")
            let card = hub.state.withLock { $0.desk?.repositories["owner/ada"]?.branches["try"]?["README.md"] }
            #expect(card == Data("# My own\n".utf8))
            let cases: [(arguments: [String], token: String, status: Int32, said: String)] = [
                ([run, "owner/ada", "--private"], "secret", 74, "omit --private"),
                ([run, "other/ada"], "secret", 74, "may not make it"), ([run, "owner/ada"], "wrong", 74, "the token"),
                ([run, "owner/ada"], "", 64, "HF_TOKEN"),
                ([run, "a/b/c"], "secret", 64, "not the name of a repository"),
                ([run, "owner/ada", "--revision", "a b"], "secret", 64, "--revision a b"),
                ([run, "owner/ada@v1", "--revision", "v2"], "secret", 64, "--revision v2"),
                ([shop.path, "owner/ada"], "secret", 66, "no config.json"),
                (["\(shop.path)/none", "owner/ada"], "secret", 66, "\(shop.path)/none"),
            ]
            for (arguments, token, status, said) in cases {
                let output = try upload(hub, arguments, token: token)
                #expect(output.status == status && output.err.contains(said), "\(arguments): \(output.err)")
                #expect(output.out.isEmpty)
            }
        }
    }
}
