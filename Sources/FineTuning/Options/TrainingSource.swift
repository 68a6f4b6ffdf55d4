import StrictJSON

/// A file to train on, and how much of it.
public struct TrainingSource: Sendable, Hashable {
    /// Which places of a text count as the answer.
    public enum Answers: String, Sendable, CaseIterable {
        /// The place of the first answer in the file.
        case first
        /// The place of any answer in the file; their probabilities are added up.
        case all
        /// Every place where the text has the words of an answer, whatever the file's offsets: for questions whose
        /// answers are known, but not their places (distant supervision).
        case anywhere
    }

    /// The file.
    public var path: String
    /// How often each of its questions is seen in an epoch; with a fraction, that share of them is seen, and others in
    /// the next epoch.
    public var weight = 1.0
    /// The most questions that are taken, drawn by the seed; nil takes all.
    public var cap: Int?
    /// Which places count.
    public var answers = Answers.first

    /// All questions of a file, each once an epoch.
    public init(_ path: String) {
        self.path = path
    }

    /// A file as users write it: `squad.json`, or `nq.jsonl,weight=0.5,cap=20000,answers=all`. The text after the last
    /// comma is a setting only if it has the form of one.
    ///
    /// - Throws: `TrainingError.options` that names the setting with an invalid value.
    public init(written text: String) throws(TrainingError) {
        self.init(text)
        let setting = /(.+),(weight|cap|answers)=([^,=\/]*)/.dotMatchesNewlines()
        var names: Set<Substring> = []
        while let match = path.wholeMatch(of: setting) {
            guard set(match.2, String(match.3)), names.insert(match.2).inserted else {
                throw .options(
                    "`train_file` \(text): \(match.2)=\(match.3) was not expected; \(Self.settings), each once")
            }
            path = String(match.1)
        }
    }

    /// Sets the files of a run to one or several as users write them.
    ///
    /// - Returns: whether the value is a text or a list of texts.
    /// - Throws: as `init(written:)`.
    @Sendable
    static func set(_ options: inout TrainingOptions, _ value: JSONValue) throws(TrainingError) -> Bool {
        var sources: [TrainingSource] = []
        for element in value.array ?? [value] {
            guard let text = element.string else { return false }
            sources.append(try TrainingSource(written: text))
        }
        guard !sources.isEmpty else { return false }
        options.trainFiles = sources
        return true
    }

    /// The form that `init(written:)` reads.
    var written: String {
        var text = path
        if weight != 1 { text += ",weight=\(weight)" }
        if let cap { text += ",cap=\(cap)" }
        if answers != .first { text += ",answers=\(answers.rawValue)" }
        return text
    }

    private static let settings =
        "give weight= with a number above 0 and at most 1000, cap= with a whole number from 1, or answers= with "
        + Answers.allCases.map(\.rawValue).joined(separator: ", ")

    private mutating func set(_ name: Substring, _ value: String) -> Bool {
        switch name {
        case "weight":
            guard let number = Double(value), number > 0, number <= 1000 else { return false }
            weight = number
        case "cap":
            guard let number = Int(value), number >= 1, Double(number) <= NumberLimit.most("rows") else { return false }
            cap = number
        default:
            guard let choice = Answers(rawValue: value) else { return false }
            answers = choice
        }
        return true
    }

    /// The settings that affect results in addition to the file's contents: a run can only continue with the same ones.
    var rules: String { String(written.dropFirst(path.count)) }
}
