import Foundation
import Testing
import Tokenizers

@Suite("Model folders")
struct FileTests {
    private func refusal(_ folder: TemporaryFolder) -> TokenizerError? {
        #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
    }

    /// Same ids and positions for every fixture text.
    private func expectSame(_ left: Tokenizer, _ right: Tokenizer) throws {
        #expect(left.vocabulary.count == right.vocabulary.count)
        for row in try Fixtures.load("encode.json", as: [EncodeTests.Case].self) {
            #expect(left.encode(row.text) == right.encode(row.text))
        }
    }

    @Test("What transformers saves loads", arguments: ["uncased", "cased"])
    func saved(_ name: String) throws {
        try expectSame(Tokenizer(directory: Fixtures.path("saved-\(name)")), Fixtures.tokenizer(name))
    }

    @Test(
        "A tokenizer.json from before tokenizers 0.9, whose model has no type, loads", arguments: ["uncased", "cased"])
    func untyped(_ name: String) throws {
        let folder = try TemporaryFolder()
        let typed = try String(contentsOfFile: Fixtures.path("saved-\(name)/tokenizer.json"), encoding: .utf8)
        // The decoder is a WordPiece too; the model comes last.
        let field = try #require(typed.ranges(of: /"type": *"WordPiece",\s*/).last)
        try folder.write(typed.replacingCharacters(in: field, with: ""), to: "tokenizer.json")
        try expectSame(Tokenizer(directory: folder.path), Fixtures.tokenizer(name))
    }

    @Test("vocab.txt and tokenizer_config.json load where there is no tokenizer.json", arguments: ["uncased", "cased"])
    func vocabularyFile(_ name: String) throws {
        let folder = try TemporaryFolder()
        try folder.copy("vocab-\(name).txt", to: "vocab.txt")
        try folder.copy("saved-\(name)/tokenizer_config.json", to: "tokenizer_config.json")
        try expectSame(Tokenizer(directory: folder.path), Fixtures.tokenizer(name))
    }

    @Test("What is saved loads again", arguments: ["uncased", "cased"])
    func roundTrip(_ name: String) throws {
        let folder = try TemporaryFolder()
        let tokenizer = try Tokenizer(directory: Fixtures.path("saved-\(name)"))
        try tokenizer.save(to: folder.path)
        try expectSame(Tokenizer(directory: folder.path), tokenizer)
        try FileManager.default.removeItem(atPath: folder.path + "/tokenizer.json")
        try expectSame(Tokenizer(directory: folder.path), tokenizer)
    }

    @Test("A folder that is not there is not made by saving into it")
    func removed() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try Tokenizer(directory: Fixtures.path("saved-cased"))
        let error = #expect(throws: TokenizerError.self) { try tokenizer.save(to: folder.path + "/removed") }
        #expect(error?.kind == .inputOutput && error?.message.contains("/removed/vocab.txt") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/removed"))
    }

    @Test("A folder without a tokenizer says what was looked for")
    func missing() throws {
        let folder = try TemporaryFolder()
        #expect(refusal(folder)?.kind == .missing)
        #expect(refusal(folder)?.message.contains("neither tokenizer.json nor vocab.txt") == true)
    }

    struct BadFile: Sendable, CustomTestStringConvertible {
        let json: String
        let kind: TokenizerError.Kind
        let message: String
        var testDescription: String { message }
    }

    private static func wordPiece(_ vocabulary: String, added: String = "[]", preTokeniser: String = "BertPreTokenizer")
        -> String
    {
        """
        {"added_tokens": \(added), "normalizer": {"type": "BertNormalizer"},
         "pre_tokenizer": {"type": "\(preTokeniser)"},
         "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
         "model": {"type": "WordPiece", "vocab": \(vocabulary)}}
        """
    }

    @Test(
        "A tokenizer.json that cannot be used says why",
        arguments: [
            BadFile(
                json: #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#, kind: .unsupported,
                message: "it has no post_processor"),
            BadFile(
                json: #"{"model": {"vocab": {"a": 0}, "unk_token": "a"}}"#, kind: .unsupported,
                message: "holds a WordLevel model; BertQA needs WordPiece, BPE or Unigram"),
            BadFile(
                json: #"{"model": {"type": "Unigram", "vocab": [["a"]]}}"#, kind: .malformed,
                message: "a piece of the vocab has no score"),
            BadFile(
                json: #"{"model": {"type": "BPE", "merges": ["a b c"]}}"#, kind: .malformed,
                message: "the merge \"a b c\" is not two pieces"),
            BadFile(json: #"{"model": {"#, kind: .malformed, message: "line 1"),
            BadFile(json: "", kind: .malformed, message: "empty"),
            BadFile(json: "[]", kind: .malformed, message: "expected an object"),
            BadFile(json: "{}", kind: .unsupported, message: "no model of a known type"),
            BadFile(
                json: wordPiece(#"{"[UNK]": 0, "[CLS]": 1, "a": 2}"#), kind: .vocabulary,
                message: "the vocabulary has no [SEP] token"),
            BadFile(json: wordPiece(#"{"a": 0.5}"#), kind: .malformed, message: "not a whole number"),
            BadFile(
                json: wordPiece(#"{"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}"#, added: #"[{"id": 1}]"#), kind: .malformed,
                message: "no content or no id"),
            BadFile(
                json: wordPiece(#"{"[UNK]": 0, "[CLS]": 1, "[SEP]": -1}"#), kind: .malformed,
                message: "the id of \"[SEP]\" is -1"),
            BadFile(
                json: wordPiece(#"{"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}"#, preTokeniser: "ByteLevel"),
                kind: .unsupported,
                message: "its pre_tokenizer has ByteLevel before WordPiece"),
        ])
    func badFiles(_ file: BadFile) throws {
        let folder = try TemporaryFolder()
        try folder.write(file.json, to: "tokenizer.json")
        let error = try #require(refusal(folder))
        #expect(error.kind == file.kind)
        #expect(error.message.contains(file.message) && error.message.contains("tokenizer.json"), "\(error.message)")
    }

    @Test("A vocab.txt that is not UTF-8 is refused")
    func badVocabularyFiles() throws {
        let folder = try TemporaryFolder()
        try Data([0x5B, 0xFF, 0x0A]).write(to: URL(fileURLWithPath: folder.path + "/vocab.txt"))
        #expect(refusal(folder)?.kind == .malformed)
    }

    @Test(
        "The real model's files agree with each other",
        .enabled(if: SquadParityTests.models != nil, "needs BERTQA_MODELS"))
    func realModel() throws {
        let folder = try #require(SquadParityTests.models) + "/minilm-squad"
        let tokenizer = try Tokenizer(directory: folder)
        #expect(tokenizer.vocabulary.count == 30522)
        let lines = try Tokenizer(vocabulary: Fixtures.vocabulary(at: folder + "/vocab.txt"))
        try expectSame(tokenizer, lines)
        #expect(
            tokenizer.maskID == 103 && tokenizer.clsID == 101 && tokenizer.sepID == 102 && tokenizer.warnings.isEmpty)
    }
}
