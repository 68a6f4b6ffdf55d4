import StrictJSON
import Testing
import Tokenizers

@Suite("Files and options of byte pair encoding")
struct BytePairFilesTests {
    private static let vocabulary = #"{"<unk>": 0, "a": 1, "b": 2, "Ġ": 3, "ab": 4, "Ġab": 5}"#

    /// A folder with these files.
    private func folder(_ merges: String?, vocabulary: String? = vocabulary) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        if let vocabulary { try folder.write(vocabulary, to: "vocab.json") }
        if let merges { try folder.write(merges, to: "merges.txt") }
        return folder
    }

    private func splitter(
        _ folder: TemporaryFolder, _ options: BytePairOptions = BytePairOptions()
    ) throws -> BytePairSplitter {
        let files = try #require(try BytePairFiles(folder: folder.path))
        return try BytePairSplitter(
            vocabulary: Vocabulary(pieces: files.pieces, ids: files.ids), merges: files.merges, options: options,
            byteLevel: ByteLevelSettings(addsPrefixSpace: false))
    }

    private func ids(_ text: String, _ splitter: BytePairSplitter) -> [Int32] {
        let (copy, sink) = (NormalisedText(), TokenSink())
        var text = text
        text.withUTF8 { copy.copy($0, 0..<$0.count) }
        splitter.split(copy, 0..<copy.count, into: sink)
        return sink.tokens().ids
    }

    @Test(
        "Lines of the version, empty lines and Windows line ends change nothing",
        arguments: [
            "a b\nĠ ab\n", "a b\nĠ ab", "#version: 0.2\na b\nĠ ab\n", "#version: 0.2\n\na b\n\nĠ ab\n\n",
            "#version: 0.2\r\na b\r\nĠ ab\r\n",
        ])
    func lines(_ merges: String) throws {
        let splitter = try splitter(folder(merges))
        #expect(ids("ab ab ba", splitter) == [4, 5, 3, 2, 1])
    }

    @Test(
        "A line that is no merge is refused with its number",
        arguments: [("#version: 0.2\na b\nab\n", 3), ("a b c\n", 1), ("a b\n\n a  b\n", 3), ("a\tb", 1)])
    func brokenLine(_ merges: String, _ number: Int) throws {
        let folder = try folder(merges)
        let error = #expect(throws: TokenizerError.self) { try splitter(folder) }
        #expect(error?.kind == .malformed)
        #expect(error?.message.hasPrefix("\(folder.path)/merges.txt: line \(number) is not a merge") == true)
    }

    @Test("Merges of tokens that are not in the vocabulary are refused by name", arguments: ["a c", "c a", "b a"])
    func unknownMerge(_ merge: String) throws {
        let folder = try folder("#version: 0.2\na b\n\(merge)\n")
        let error = #expect(throws: TokenizerError.self) { try splitter(folder) }
        #expect(error?.kind == .vocabulary)
        #expect(error?.message.contains("merge 2, \"\(merge)\"") == true)
        #expect(error?.message.contains(merge == "b a" ? "\"ba\"" : "\"c\"") == true)
    }

    @Test("A pointer of Git LFS is named as one", arguments: ["vocab.json", "merges.txt"])
    func pointer(_ name: String) throws {
        let folder = try folder("a b\n")
        try folder.write("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n", to: name)
        let error = #expect(throws: TokenizerError.self) { try splitter(folder) }
        #expect(error?.message.contains(name) == true && error?.message.contains("git lfs pull") == true)
    }

    @Test("One file without the other is refused, and none is none")
    func missing() throws {
        for (folder, name) in [(try folder("a b\n", vocabulary: nil), "vocab.json"), (try folder(nil), "merges.txt")] {
            let error = #expect(throws: TokenizerError.self) { try BytePairFiles(folder: folder.path) }
            #expect(error?.kind == .missing && error?.message.contains("\(folder.path)/\(name)") == true)
        }
        #expect(try BytePairFiles(folder: folder(nil, vocabulary: nil).path) == nil)
    }

    @Test(
        "A vocabulary that is none is refused",
        arguments: ["[]", "{\"a\": 0", "{\"a\": -1}", "{\"a\": 1.5}", "{\"a\": \"0\"}", "{\"a\": 99999999}", ""])
    func brokenVocabulary(_ vocabulary: String) throws {
        let folder = try folder("", vocabulary: vocabulary)
        let error = #expect(throws: TokenizerError.self) { try splitter(folder) }
        #expect(error?.kind == .malformed && error?.message.hasPrefix("\(folder.path)/vocab.json: ") == true)
    }

    @Test("Of two merges of the same tokens the later one has the rank")
    func repeatedMerge() throws {
        let vocabulary = #"{"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}"#
        #expect(try ids("abc", splitter(folder("a b\nb c\n", vocabulary: vocabulary))) == [3, 2])
        #expect(try ids("abc", splitter(folder("a b\nb c\na b\n", vocabulary: vocabulary))) == [0, 4])
    }

    private func merges(_ json: String) throws -> [String] {
        try Array("{\"merges\": \(json)}".utf8).withUnsafeBytes { bytes in
            var section = ModelSection()
            var reader = JSONReader(bytes)
            try section.read(&reader)
            return (0..<section.merges.count).map { section.merges[$0] }
        }
    }

    @Test(
        "Merges of a tokenizer.json are strings or pairs",
        arguments: [
            ##"["a b", "Ġ ab"]"##, ##"[["a", "b"], ["Ġ", "ab"]]"##, ##"["#version: 0.2", "a b", "Ġ ab"]"##,
            ##"["a b", ["Ġ", "ab"]]"##,
        ])
    func mergesInJSON(_ json: String) throws {
        #expect(try merges(json) == ["a", "b", "Ġ", "ab"])
    }

    @Test(
        "Merges of a tokenizer.json that are none are refused",
        arguments: [##"["ab"]"##, ##"["a b c"]"##, ##"[["a"]]"##, ##"[["a", "b", "c"]]"##, "[1]", "{}", "null"])
    func brokenMergesInJSON(_ json: String) {
        #expect(throws: JSONError.self) { try merges(json) }
    }

    @Test("Options are read from a model section, and refused by their names")
    func options() throws {
        let options = try BytePairOptions(
            [
                "dropout": 0.0, "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": nil, "ignore_merges": true,
                "continuing_subword_prefix": nil, "end_of_word_suffix": "</w>",
            ], isByteLevel: true)
        #expect(
            options
                == BytePairOptions(unknown: "<unk>", wordSuffix: "</w>", fusesUnknown: true, ignoresMerges: true))
        let refused: [(String, JSONValue, TokenizerError.Kind)] = [
            ("dropout", 0.1, .unsupported), ("dropout", "0", .malformed), ("fuse_unk", 1, .malformed),
            ("unk_token", 0, .malformed),
        ]
        for (key, value, kind) in refused {
            let error = #expect(throws: TokenizerError.self) {
                try BytePairOptions([key: value], isByteLevel: true)
            }
            #expect(error?.kind == kind && error?.message.contains(key) == true)
        }
        let folder = try folder("a b\n")
        let mixed = #expect(throws: TokenizerError.self) {
            try splitter(folder, BytePairOptions(continuingPrefix: "##", fallsBackToBytes: true))
        }
        #expect(mixed?.kind == .unsupported && mixed?.message.contains("byte_fallback") == true)
        let unknown = #expect(throws: TokenizerError.self) { try splitter(folder, BytePairOptions(unknown: "<?>")) }
        #expect(unknown?.kind == .vocabulary && unknown?.message.contains("<?>") == true)
    }
}
