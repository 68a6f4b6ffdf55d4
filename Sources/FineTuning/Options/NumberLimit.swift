/// The largest numbers that options take. They are far above useful values, and low enough that no sum or product of
/// several of them overflows: an option that is out of range is refused before anything is computed with it. Seeds are
/// not limited: they may be any 64-bit number.
package enum NumberLimit {
    /// The largest value of an option.
    ///
    /// - Parameter name: its name in files, such as `max_steps`, or on the command line.
    package static func most(_ name: String) -> Double {
        let words = name.split { $0 == "_" || $0 == "-" }
        if words.contains("bytes") || words.contains("payload") { return 0x1p50 }
        if !Set(words).isDisjoint(with: ["steps", "tokens", "rows", "documents", "index", "norm"]) { return 1e9 }
        return 1e6
    }

    /// What is wrong with a number that is given for an option; nil if nothing is. Only its size is checked.
    package static func fault(_ name: String, _ value: Double) -> String? {
        let most = most(name)
        if value.isFinite, abs(value) <= most { return nil }
        let shown = value.isFinite && abs(value) < 0x1p63 ? "\(Int(value))" : "\(value)"
        return "\(shown) must be at most \(Int(most))"
    }
}
