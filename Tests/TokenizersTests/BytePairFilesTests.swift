import StrictJSON
import Testing
import Tokenizers

@Suite("Files and options of byte pair encoding")
struct BytePairFilesTests {
    private static let vocabulary =
        #"{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, "a": 5, "b": 6, "Ġ": 7, "ab": 8, "Ġab": 9}"#

    /// The folder of a RoBERTa model without a tokenizer.json.
    private func folder(_ merges: String?, vocabulary: String? = vocabulary) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "roberta"}"#, to: "config.json")
        if let vocabulary { try folder.write(vocabulary, to: "vocab.json") }
        if let merges { try folder.write(merges, to: "merges.txt") }
        return folder
    }

    /// The tokenizer of a tokenizer.json with these members in its model section beside the vocabulary.
    private func tokenizer(
        _ members: [(String, JSONValue)], vocabulary: String = vocabulary
    ) throws -> (tokenizer: Tokenizer, folder: TemporaryFolder) {
        let folder = try TemporaryFolder()
        let vocabulary = try JSONValue.parse(Array(vocabulary.utf8))
        let section = JSONValue.object(JSONObject([("type", "BPE"), ("vocab", vocabulary)] + members))
        let byteLevel = BytePairFixture.ByteLevel(addsPrefixSpace: false, trims: true, splits: true)
        try folder.write(BytePairFixture.file(section, byteLevel).serialized(), to: "tokenizer.json")
        return (try Tokenizer(directory: folder.path), folder)
    }

    @Test(
        "Lines of the version, empty lines and Windows line ends change nothing",
        arguments: [
            "a b\nĠ ab\n", "a b\nĠ ab", "#version: 0.2\na b\nĠ ab\n", "#version: 0.2\n\na b\n\nĠ ab\n\n",
            "#version: 0.2\r\na b\r\nĠ ab\r\n",
        ])
    func lines(_ merges: String) throws {
        let folder = try folder(merges)
        let tokenizer = try withExtendedLifetime(folder) { try Tokenizer(directory: folder.path) }
        #expect(tokenizer.tokenize("ab ab ba").ids == [8, 9, 7, 6, 5])
    }

    @Test(
        "A line that is no merge is refused with its number",
        arguments: [("#version: 0.2\na b\nab\n", 3), ("a b c\n", 1), ("a b\n\n a  b\n", 3), ("a\tb", 1)])
    func brokenLine(_ merges: String, _ number: Int) throws {
        let folder = try folder(merges)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
        #expect(error?.kind == .malformed)
        #expect(error?.message.hasPrefix("\(folder.path)/merges.txt: line \(number) is not a merge") == true)
    }

    @Test("Merges of tokens that are not in the vocabulary are refused by name", arguments: ["a c", "c a", "b a"])
    func unknownMerge(_ merge: String) throws {
        let folder = try folder("#version: 0.2\na b\n\(merge)\n")
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
        #expect(error?.kind == .vocabulary)
        #expect(error?.message.contains("merge 2, \"\(merge)\"") == true)
        #expect(error?.message.contains(merge == "b a" ? "\"ba\"" : "\"c\"") == true)
    }

    @Test("A pointer of Git LFS is named as one", arguments: ["vocab.json", "merges.txt"])
    func pointer(_ name: String) throws {
        let folder = try folder("a b\n")
        try folder.write("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", to: name)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
        #expect(error?.message.contains(name) == true && error?.message.contains("git lfs pull") == true)
    }

    @Test("One file without the other is refused, and so is none")
    func missing() throws {
        let cases: [(TemporaryFolder, String)] = [
            (try folder("a b\n", vocabulary: nil), "/vocab.json"), (try folder(nil), "/merges.txt"),
            (try folder(nil, vocabulary: nil), "vocab.json with merges.txt"),
        ]
        for (folder, name) in cases {
            let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
            #expect(error?.kind == .missing && error?.message.contains(name) == true)
        }
    }

    @Test(
        "A vocabulary that is none is refused",
        arguments: ["[]", "{\"a\": 0", "{\"a\": -1}", "{\"a\": 1.5}", "{\"a\": \"0\"}", "{\"a\": 99999999}", ""])
    func brokenVocabulary(_ vocabulary: String) throws {
        let folder = try folder("", vocabulary: vocabulary)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
        #expect(error?.kind == .malformed && error?.message.hasPrefix("\(folder.path)/vocab.json: ") == true)
    }

    @Test("Of two merges of the same tokens the later one has the rank")
    func repeatedMerge() throws {
        let vocabulary = #"{"<s>": 0, "<unk>": 1, "</s>": 2, "a": 3, "b": 4, "c": 5, "ab": 6, "bc": 7}"#
        for (merges, ids) in [(["a b", "b c"], [6, 5] as [Int32]), (["a b", "b c", "a b"], [3, 7])] {
            let made = try tokenizer([("merges", .array(merges.map { .string($0) }))], vocabulary: vocabulary)
            #expect(made.tokenizer.tokenize("abc").ids == ids)
        }
    }

    @Test(
        "Merges of a tokenizer.json are strings or pairs",
        arguments: [
            ["a b", "Ġ ab"], [["a", "b"], ["Ġ", "ab"]], ["#version: 0.2", "a b", "Ġ ab"], ["a b", ["Ġ", "ab"]],
        ] as [JSONValue])
    func mergesInJSON(_ merges: JSONValue) throws {
        #expect(try tokenizer([("merges", merges)]).tokenizer.tokenize("ab ab ba").ids == [8, 9, 7, 6, 5])
    }

    @Test(
        "Merges of a tokenizer.json that are none are refused",
        arguments: [["ab"], ["a b c"], [["a"]], [["a", "b", "c"]], [1], [:], nil] as [JSONValue])
    func brokenMergesInJSON(_ merges: JSONValue) {
        let error = #expect(throws: TokenizerError.self) { try tokenizer([("merges", merges)]) }
        #expect(error?.kind == .malformed)
    }

    @Test("Options that cannot be followed are refused by their names")
    func options() throws {
        let refused: [([(String, JSONValue)], String, TokenizerError.Kind)] = [
            ([("dropout", 0.1)], "dropout", .unsupported), ([("dropout", "0")], "dropout", .malformed),
            ([("fuse_unk", 1)], "fuse_unk", .malformed), ([("ignore_merges", "no")], "ignore_merges", .malformed),
            ([("continuing_subword_prefix", "##"), ("byte_fallback", true)], "byte_fallback", .unsupported),
            ([("unk_token", "<?>")], "<?>", .vocabulary),
        ]
        for (members, name, kind) in refused {
            let error = #expect(throws: TokenizerError.self) { try tokenizer([("merges", ["a b"])] + members) }
            #expect(error?.kind == kind && error?.message.contains(name) == true)
        }
        for dropout in [nil, 0, 0.0] as [JSONValue] {
            #expect(try tokenizer([("merges", ["a b"]), ("dropout", dropout)]).tokenizer.tokenize("ab").ids == [8])
        }
    }
}
