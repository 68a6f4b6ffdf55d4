import FineTuning

/// Names of options as users type them.
///
/// Libraries name an option as files and JSON do, between backquotes: `max_length`. The tool alone knows that it is
/// `--max-length` on a command line.
enum Flags {
    /// The options that libraries name besides those of a training run.
    static let others: Set = [
        "allow_pickle", "resume", "output", "shard", "memory", "max_drop", "max_answer_length", "no_answer_threshold",
        "min_score", "private", "opset", "int8",
    ]

    /// The flag of an option.
    static func flag(_ name: String) -> String { "--" + name.replacing("_", with: "-") }

    /// A message with the options that it names as flags.
    static func spelled(_ message: String) -> String {
        message.replacing(/`([a-z][a-z0-9_]*)`/) { match in
            let name = String(match.1)
            return TrainingOption.named(name) != nil || others.contains(name) ? flag(name) : String(match.0)
        }
    }
}
