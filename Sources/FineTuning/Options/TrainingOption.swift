import StrictJSON

/// One option of a training run: its name, its values and its purpose.
///
/// `all` is the only list of options. The command line, files for `--config`, `run.json`, the check of a resumed run,
/// the settings of `verify-resume` and docs/reference/options.md come from it.
package struct TrainingOption: Sendable {
    /// How an option affects the results of a run.
    enum Effect: Sendable {
        /// It affects them: a run can only be resumed with the same value.
        case decides
        /// It changes how a run computes, saves or reports, but none of its results.
        case none
        /// It names a file or a folder.
        case path
    }

    /// The name in files and JSON, such as `learning_rate`; on the command line `--learning-rate`.
    package let name: String
    /// The values that it takes, such as "a whole number".
    package let expected: String
    /// Its purpose, as a sentence.
    package let help: String
    private let effect: Effect
    private let range: OptionRange?
    private let read: @Sendable (TrainingOptions) -> JSONValue
    private let write: @Sendable (inout TrainingOptions, JSONValue) throws(TrainingError) -> Bool

    /// Whether the option affects the results of the run.
    package var decidesNumbers: Bool { effect == .decides }
    /// Whether the option names a file or a folder.
    package var isPath: Bool { effect == .path }
    /// The numbers that it takes, such as "at least 1"; nil if it takes all of its kind.
    package var limits: String? { range?.words }

    /// The option of that name.
    package static func named(_ name: String) -> TrainingOption? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    init(
        _ name: String, _ effect: Effect, expected: String, range: OptionRange? = nil, help: String,
        read: @escaping @Sendable (TrainingOptions) -> JSONValue,
        write: @escaping @Sendable (inout TrainingOptions, JSONValue) throws(TrainingError) -> Bool
    ) {
        (self.name, self.effect, self.expected, self.range, self.help) = (name, effect, expected, range, help)
        (self.read, self.write) = (read, write)
    }

    /// Its value; null if it has none.
    package func value(_ options: TrainingOptions) -> JSONValue { read(options) }

    /// Sets it.
    ///
    /// - Returns: whether the value is of its kind.
    /// - Throws: `TrainingError.options` that says what is wrong inside a value of its kind.
    func set(_ options: inout TrainingOptions, _ value: JSONValue) throws(TrainingError) -> Bool {
        try write(&options, value)
    }

    /// What is wrong with its value; nil if nothing is.
    func fault(in options: TrainingOptions) -> String? {
        let value = read(options)
        if name == "precision", value.string == "int8" {
            return "`precision` int8 is for answering; train in fp32 or bf16"
        }
        guard let number = value.double else { return nil }
        if let range, !range.contains(number) { return "`\(name)` \(value.serialized()) must be \(range.words)" }
        return NumberLimit.fault(name, number).map { "`\(name)` \($0)" }
    }

    /// Its purpose and its default.
    package var helpWithDefault: String { help + (defaultText.map { " (default: \($0))" } ?? "") }

    /// Its default; nil if there is none.
    package var defaultText: String? {
        let value = read(TrainingOptions(model: "", trainFile: "", outputDirectory: ""))
        switch value {
        case .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        case .number(let number) where number.double == number.double.rounded() && abs(number.double) < 1e6:
            return "\(Int(number.double))"
        default: return value.serialized()
        }
    }
}

/// The numbers that an option takes.
struct OptionRange: Sendable {
    /// As in "`epochs` must be ...".
    let words: String
    let contains: @Sendable (Double) -> Bool

    static func atLeast(_ least: Double) -> OptionRange {
        OptionRange(words: "at least \(Int(least))") { $0 >= least }
    }

    /// 0 to 1, both included.
    static let share = OptionRange(words: "between 0 and 1") { (0...1).contains($0) }
}

// MARK: - Kinds

extension TrainingOption {
    typealias Path<Value> = WritableKeyPath<TrainingOptions, Value> & Sendable

    static func text(_ name: String, _ path: Path<String>, _ effect: Effect, help: String) -> TrainingOption {
        TrainingOption(name, effect, expected: "a text", help: help, read: { .string($0[keyPath: path]) }) {
            options, value in
            assign(value.string, to: path, of: &options)
        }
    }

    static func text(_ name: String, _ path: Path<String?>, _ effect: Effect, help: String) -> TrainingOption {
        TrainingOption(
            name, effect, expected: "a text", help: help, read: { $0[keyPath: path].map(JSONValue.string) ?? .null }
        ) { options, value in
            assignOptional(value.string, to: path, of: &options)
        }
    }

    static func whole(
        _ name: String, _ path: Path<Int>, _ effect: Effect, _ range: OptionRange? = nil, help: String
    ) -> TrainingOption {
        TrainingOption(
            name, effect, expected: "a whole number", range: range, help: help, read: { .int($0[keyPath: path]) }
        ) { options, value in
            assign(value.int, to: path, of: &options)
        }
    }

    static func whole(
        _ name: String, _ path: Path<Int?>, _ effect: Effect, _ range: OptionRange? = nil, help: String
    ) -> TrainingOption {
        TrainingOption(
            name, effect, expected: "a whole number", range: range, help: help,
            read: { $0[keyPath: path].map(JSONValue.int) ?? .null }
        ) { options, value in
            assignOptional(value.int, to: path, of: &options)
        }
    }

    static func number(
        _ name: String, _ path: Path<Double>, _ effect: Effect, _ range: OptionRange, help: String
    ) -> TrainingOption {
        TrainingOption(
            name, effect, expected: "a number", range: range, help: help, read: { .double($0[keyPath: path]) }
        ) { options, value in
            assign(value.double, to: path, of: &options)
        }
    }

    static func flag(_ name: String, _ path: Path<Bool>, _ effect: Effect, help: String) -> TrainingOption {
        TrainingOption(name, effect, expected: "true or false", help: help, read: { .bool($0[keyPath: path]) }) {
            options, value in
            assign(value.bool, to: path, of: &options)
        }
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: Path<Choice>, _ effect: Effect, help: String
    ) -> TrainingOption {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return TrainingOption(
            name, effect, expected: "one of \(names)", help: help, read: { .string($0[keyPath: path].rawValue) }
        ) { options, value in
            assign(value.string.flatMap(Choice.init(rawValue:)), to: path, of: &options)
        }
    }

    /// A choice that the program makes by itself if it is "auto".
    static func automatic<Choice: RawRepresentable<String> & Sendable>(
        _ name: String, _ path: Path<Choice?>, expected: String, help: String
    ) -> TrainingOption {
        TrainingOption(
            name, .decides, expected: expected, help: help,
            read: { .string($0[keyPath: path]?.rawValue ?? "auto") }
        ) { options, value in
            guard let text = value.string, text == "auto" || Choice(rawValue: text) != nil else { return false }
            options[keyPath: path] = Choice(rawValue: text)
            return true
        }
    }

    private static func assign<Value>(_ value: Value?, to path: Path<Value>, of options: inout TrainingOptions) -> Bool
    {
        guard let value else { return false }
        options[keyPath: path] = value
        return true
    }

    private static func assignOptional<Value>(
        _ value: Value?, to path: Path<Value?>, of options: inout TrainingOptions
    ) -> Bool {
        guard let value else { return false }
        options[keyPath: path] = value
        return true
    }
}
