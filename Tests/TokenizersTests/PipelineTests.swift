import Foundation
import Testing
import Tokenizers

@Suite("Tokenizers of all families, and every part of a tokenizer.json")
struct PipelineTests {
    struct Row: Decodable {
        let first: String
        let second: String?
        let maxLength: Int?
        let strategy: String?
        /// nil where the library refuses to cut.
        let ids: [Int32]?
        let types: [Int32]?
        let offsets: [Int]?
        let special: [Int]?
        let tokens: [String]?
        let decoded: String?
        let decodedAll: String?
    }
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let files: [String: String]
        let told: String?
        let refused: String?
        let cleanup: Bool
        let rows: [Row]
        var testDescription: String { name }
    }
    struct All: Decodable {
        let models: [String: String]
        let cases: [Case]
    }

    static let all: All? = try? Fixtures.load("pipeline.json")
    static let loaded = (all?.cases ?? []).filter { $0.refused == nil }
    static let refused = (all?.cases ?? []).filter { $0.refused != nil }

    /// The folder of a case, the trained models put into its files.
    private func folder(_ fixture: Case) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, content) in fixture.files {
            var content = content
            for (model, text) in Self.all?.models ?? [:] {
                content = content.replacing("\"@\(model)\"", with: model == "charsmap" ? "\"\(text)\"" : text)
                if content == "@\(model)" { content = text }
            }
            try folder.write(content, to: name)
        }
        return folder
    }

    @Test("Ids, segments, offsets, masks, spellings and decoded texts are those of transformers", arguments: loaded)
    func families(_ fixture: Case) throws {
        let folder = try folder(fixture)
        let tokenizer = try Tokenizer(directory: folder.path)
        if let told = fixture.told {
            #expect(tokenizer.warnings.contains { $0.contains(told) }, "\(tokenizer.warnings)")
        } else {
            #expect(tokenizer.warnings == [])
        }
        try check(tokenizer, fixture)

        let saved = try TemporaryFolder()
        try tokenizer.save(to: saved.path)
        if let model = fixture.files["config.json"] { try saved.write(model, to: "config.json") }
        let again = try Tokenizer(directory: saved.path)
        #expect(again.warnings == [])
        try check(again, fixture)
    }

    private func check(_ tokenizer: Tokenizer, _ fixture: Case) throws {
        for row in fixture.rows {
            let comment = Comment("\(row.first.debugDescription), \(row.second ?? "-"), \(row.maxLength ?? 0)")
            guard let ids = row.ids else {
                #expect(throws: TokenizerError.self, comment) { try encode(row, tokenizer) }
                continue
            }
            let encoding = try encode(row, tokenizer)
            #expect(encoding.ids == ids, comment)
            guard encoding.ids == ids else { continue }
            #expect(scalarEdges(encoding, first: row.first, second: row.second ?? "") == row.offsets, comment)
            if let types = row.types { #expect(encoding.typeIDs == types, comment) }
            if let special = row.special { #expect(encoding.sequence.map { $0 < 0 ? 1 : 0 } == special, comment) }
            if let tokens = row.tokens {
                let spellings = tokenizer.spellings(of: encoding, first: row.first, second: row.second ?? "")
                #expect(spellings.map { Array($0.utf8) } == tokens.map { Array($0.utf8) }, comment)
            }
            guard let decoded = row.decoded, let all = row.decodedAll else { continue }
            #expect(tokenizer.decode(ids, cleanUp: fixture.cleanup).isIdentical(to: decoded), comment)
            let whole = tokenizer.decode(ids, skipSpecialTokens: false, cleanUp: fixture.cleanup)
            #expect(whole.isIdentical(to: all), comment)
        }
    }

    private func encode(_ row: Row, _ tokenizer: Tokenizer) throws -> Encoding {
        guard let second = row.second else { return tokenizer.encode(row.first, maxLength: row.maxLength) }
        let truncation = try #require(row.strategy.flatMap(Truncation.init))
        return try tokenizer.encode(row.first, second, maxLength: row.maxLength, truncation: truncation)
    }

    @Test("What BertQA does not have is refused by its name and the file's", arguments: refused)
    func refusals(_ fixture: Case) throws {
        let folder = try folder(fixture)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(directory: folder.path) }
        let message = error?.message ?? ""
        #expect(message.contains(fixture.refused ?? "-") && message.contains(folder.path), "\(message)")
    }

    @Test("All cases are there")
    func count() {
        #expect(Self.loaded.count > 90 && Self.refused.count > 10)
    }
}
