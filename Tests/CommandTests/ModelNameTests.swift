import Foundation
import Testing
import Workshop

@Suite("Models by name")
struct ModelNameTests {
    @Test("a name that is no folder and cannot be fetched is missing input, and the message says both")
    func unreachable() throws {
        // Nothing listens on the discard port.
        let shell = "export HF_ENDPOINT=http://127.0.0.1:9 HF_HUB_CACHE=/dev/null/cache"
        let ask = { (model: String) in
            try Tool.run(["ask", "--model", model, "--question", "who?", "--context", "ada"], shell: shell)
        }
        try ask("no-such-model").expectFailure(66, "no such folder here", "the hub cannot be reached")
        try ask("./no-such-model").expectFailure(66, "no such directory")
        try Tool.run(["download", "no-such-model"], shell: shell).expectFailure(74, "the hub cannot be reached")
        try Tool.run(["download", "../x"]).expectFailure(64, "not a model id")
    }

    @Test("a path below a folder that is here is a path, and the hub is not asked")
    func path() throws {
        try withWorkshop { shop in
            let output = try Tool.run(
                ["ask", "--model", "model/none", "--question", "who?", "--context", "ada"],
                shell: "cd \(shop.path); export HF_ENDPOINT=http://127.0.0.1:9")
            output.expectFailure(66, "model/none", "no such directory")
        }
    }

    @Test("offline, only the cache counts")
    func offline() throws {
        try withWorkshop { shop in
            let output = try Tool.run(
                ["download", "owner/name"], shell: "export HF_HUB_OFFLINE=1 HF_HUB_CACHE=\(shop.path)/cache")
            output.expectFailure(66, "HF_HUB_OFFLINE", "\(shop.path)/cache")
        }
    }
}
