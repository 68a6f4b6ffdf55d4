import Files
import StrictJSON

/// The contents of a `tokenizer.json`, as far as BertQA needs them.
///
/// Its `truncation` and `padding` sections are skipped: they hold what the last user of the file happened to ask for
/// (all-MiniLM's pads everything to 128 tokens), while here each call says how long its rows are.
struct TokenizerFile {
    let path: String
    private(set) var addedTokens: [ListedToken] = []
    private(set) var sections = TokenizerSections()

    /// Reads the file; `nil` if it is not there.
    init?(path: String) throws(TokenizerError) {
        self.path = path
        guard let file = try ModelFiles.mapIfPresent(path) else { return nil }
        do {
            var reader = JSONReader(file.bytes)
            defer { withExtendedLifetime(file) {} }
            try read(&reader)
            try reader.end()
        } catch {
            throw TokenizerError(.malformed, "\(path): \(error)")
        }
    }

    /// The name of the file that a current transformers reads of several: the last version that is not newer than 5.23.
    ///
    /// - Parameter names: `fast_tokenizer_files` of `tokenizer_config.json`: names like `tokenizer.4.0.0.json`.
    /// - Source: `get_fast_tokenizer_file` of transformers 5.23 (`src/transformers/tokenization_utils_base.py`).
    static func current(_ names: JSONValue) -> String {
        var best: (version: [Int], name: String) = ([], "tokenizer.json")
        for name in (names.array ?? []).compactMap(\.string)
        where name.hasPrefix("tokenizer.") && name.hasSuffix(".json") {
            let numbers = name.dropFirst("tokenizer.".count).dropLast(".json".count).split(separator: ".").map {
                Int($0)
            }
            guard !numbers.isEmpty, !numbers.contains(nil) else { continue }
            let version = numbers.compactMap(\.self)
            let isKnown = !([5, 23] as [Int]).lexicographicallyPrecedes(version) || version.starts(with: [5, 23, 0])
            if isKnown && best.version.lexicographicallyPrecedes(version) { best = (version, name) }
        }
        return best.name
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        var first = true
        while let key = try reader.nextKey(first: first) {
            first = false
            switch key {
            case "added_tokens": try readAddedTokens(&reader)
            case "normalizer": sections.normaliser = try reader.value()
            case "pre_tokenizer": sections.preTokeniser = try reader.value()
            case "post_processor": sections.postProcessor = try reader.value()
            case "decoder": sections.decoder = try reader.value()
            case "model": try sections.model.read(&reader)
            default: try reader.skipValue()
            }
        }
    }

    private mutating func readAddedTokens(_ reader: inout JSONReader) throws(JSONError) {
        if try reader.peek() == .null { return try reader.null() }
        try reader.beginArray()
        while try reader.nextElement(first: addedTokens.isEmpty) { addedTokens.append(try reader.listedToken()) }
    }
}
