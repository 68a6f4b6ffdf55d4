import Foundation
import Hub
import Testing

@Suite("Names and settings of the hub")
struct HubNameTests {
    @Test(
        "ids are read with their revision", arguments: ["bert-base-cased", "owner/na.me_1", "a/b@v1.0", "a@refs/pr/1"])
    func names(_ text: String) throws {
        let id = try #require(HubModelID(text))
        #expect(id.description == text)
    }

    @Test(
        "what cannot be an id is none",
        arguments: ["", "/a", "a/", "a/b/c", "a b", "../x", "a--b", "-a", "a.", "a@", "a@../x", "a@/x", "é"])
    func noNames(_ text: String) {
        #expect(HubModelID(text) == nil)
    }

    @Test("the environment is read as huggingface_hub reads it")
    func environment() throws {
        func settings(_ environment: [String: String]) -> HubSettings {
            HubSettings(environment: environment.merging(["HOME": "/nobody"]) { first, _ in first })
        }
        #expect(settings([:]).cache == "/nobody/.cache/huggingface/hub")
        #expect(settings(["XDG_CACHE_HOME": "/x"]).cache == "/x/huggingface/hub")
        #expect(settings(["HF_HOME": "~/hf"]).cache == "/nobody/hf/hub")
        #expect(settings(["HF_HOME": "/h", "HF_HUB_CACHE": "/c"]).cache == "/c")
        #expect(settings(["HF_ENDPOINT": "https://mirror/"]).endpoint == "https://mirror")
        #expect(settings(["HF_TOKEN": " t\n"]).token == "t")
        #expect(settings([:]).token == nil)
    }

    @Test(
        "variables stand for their values in paths, and the home folder for ~",
        arguments: [
            (["HF_HOME": "$DATA/hf", "DATA": "/d"], "/d/hf/hub"), (["HF_HOME": "${DATA}x", "DATA": "/d"], "/dx/hub"),
            (["HF_HUB_CACHE": "$NONE/c"], "$NONE/c"), (["HF_HUB_CACHE": "~/c/$DATA", "DATA": "d"], "/nobody/c/d"),
            (["XDG_CACHE_HOME": "~/x"], "/nobody/x/huggingface/hub"),
            (["HUGGINGFACE_HUB_CACHE": "$DATA", "DATA": "d"], "d"),
        ])
    func expansion(_ variables: [String: String], _ cache: String) {
        #expect(HubSettings(environment: variables.merging(["HOME": "/nobody"]) { $1 }).cache == cache)
    }

    @Test(
        "the network is forbidden as in Python",
        arguments: [
            (["HF_HUB_OFFLINE": "1"], "HF_HUB_OFFLINE"), (["HF_HUB_OFFLINE": "yes"], "HF_HUB_OFFLINE"),
            (["HF_HUB_OFFLINE": "0"], nil), (["TRANSFORMERS_OFFLINE": "1"], "TRANSFORMERS_OFFLINE"),
            (["TRANSFORMERS_OFFLINE": "1", "HF_HUB_OFFLINE": "0"], nil), ([:], nil),
            (["HF_DATASETS_OFFLINE": "1"], nil),
        ] as [([String: String], String?)])
    func offline(_ variables: [String: String], _ name: String?) {
        #expect(HubSettings(environment: variables).offline == name)
    }

    @Test("the token comes from its variables, then from its file")
    func token() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bertqa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("from the file\n".utf8).write(to: folder.appendingPathComponent("secret"))
        func token(_ variables: [String: String]) -> String? {
            let file = ["HF_TOKEN_PATH": "$FOLDER/secret", "FOLDER": folder.path]
            return HubSettings(environment: file.merging(variables) { $1 }).token
        }
        #expect(token([:]) == "from the file")
        #expect(token(["HUGGING_FACE_HUB_TOKEN": "old"]) == "old")
        #expect(token(["HF_TOKEN": "new", "HUGGING_FACE_HUB_TOKEN": "old"]) == "new")
        #expect(token(["HF_TOKEN": " \n"]) == "from the file")
        #expect(token(["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
    }
}
