import StrictJSON

/// One part of a `tokenizer.json`: an object with a `type` and settings, or one inside a sequence of them.
struct Section {
    /// The file, for errors.
    let path: String
    /// The section of the file that it belongs to: `normalizer`, `pre_tokenizer`, `post_processor`, `decoder`.
    let name: String
    let value: JSONValue

    /// The `type`, which decides what the settings mean.
    func type() throws(TokenizerError) -> String {
        guard let type = value["type"]?.string else {
            throw TokenizerError(.malformed, "\(path): a part of its \(name) has no type")
        }
        return type
    }

    /// A setting that is true or false; one that is null is not there.
    func flag(_ key: String) throws(TokenizerError) -> Bool? {
        guard let value = value[key], value != .null else { return nil }
        guard let flag = value.bool else { throw malformed(key, "true or false") }
        return flag
    }

    /// A setting that is true or false.
    func flag(_ key: String, or other: Bool) throws(TokenizerError) -> Bool { try flag(key) ?? other }

    /// A setting that is a text; one that is null is not there.
    func text(_ key: String) throws(TokenizerError) -> String? {
        guard let value = value[key], value != .null else { return nil }
        guard let text = value.string else { throw malformed(key, "a string") }
        return text
    }

    /// A setting that is a text and must be there.
    func requiredText(_ key: String) throws(TokenizerError) -> String {
        guard let text = try text(key) else { throw malformed(key, "a string") }
        return text
    }

    /// A setting that is a text to be put into others, as UTF-8. It has a limit: texts are not to grow beyond measure.
    func insertion(_ key: String) throws(TokenizerError) -> [UInt8] {
        guard let text = try text(key) else { throw malformed(key, "a string") }
        guard text.utf8.count <= 1024 else { throw malformed(key, "a text of at most 1,024 bytes") }
        return Array(text.utf8)
    }

    /// A setting that is a whole number and not negative; one that is null is not there.
    func count(_ key: String) throws(TokenizerError) -> Int? {
        guard let value = value[key], value != .null else { return nil }
        guard let count = value.int, count >= 0 else { throw malformed(key, "a whole number that is not negative") }
        return count
    }

    /// That a setting is something else than it should be.
    func malformed(_ key: String, _ expected: String) -> TokenizerError {
        TokenizerError(
            .malformed, "\(path): \(key) of its \(name) \(value["type"]?.string ?? "") must be \(expected)")
    }

    /// That BertQA does not have this part, or not with these settings.
    func unsupported(_ what: String) -> TokenizerError {
        TokenizerError(.unsupported, "\(path): its \(name) has \(what), which BertQA does not do")
    }

    /// The parts of a section, those of sequences one after the other; none for null.
    ///
    /// - Parameter key: the member of a sequence that lists its parts.
    static func parts(
        of section: JSONValue?, _ name: String, _ key: String, path: String
    ) throws(TokenizerError) -> [Section] {
        guard let section, section != .null else { return [] }
        guard section["type"]?.string == "Sequence" else { return [Section(path: path, name: name, value: section)] }
        guard let list = section[key]?.array else {
            throw TokenizerError(.malformed, "\(path): its \(name) is a Sequence without a list of \(key)")
        }
        var parts: [Section] = []
        for part in list { parts += try Self.parts(of: part, name, key, path: path) }
        return parts
    }

    /// The type of a section, with those inside a sequence.
    static func describe(_ section: JSONValue?) -> String {
        guard let type = section?["type"]?.string else { return "none" }
        let lists = ["normalizers", "pretokenizers", "processors", "decoders"]
        let parts = lists.compactMap { section?[$0]?.array }.first ?? []
        return parts.isEmpty ? type : "\(type) of \(parts.map { describe($0) }.joined(separator: ", "))"
    }
}
