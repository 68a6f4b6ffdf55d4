import Foundation

/// Numbers as people read them.
package enum Figures {
    /// A number with a fixed count of digits behind the point.
    package static func fixed(_ number: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", number)
    }

    /// A number as `1.0e-04`.
    package static func scientific(_ number: Double) -> String {
        String(format: "%.1e", number)
    }

    /// A number of things, as `1 question` or `2 questions`: for nouns whose plural ends in s.
    package static func count(_ number: Int, _ noun: String) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
    }

    /// Seconds as `42 s`, `3 min 20 s` or `2 h 05 min`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "?" }
        let whole = Int(max(0, seconds).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(String(format: "%02d", whole / 60 % 60)) min"
    }
}
