import Console
import SQuAD
import StrictJSON

extension Scores {
    /// The members of JSON output: the contract's keys, and for version 2.0 those of SQuAD's own script.
    package var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("exact_match", .double(exactMatch)), ("f1", .double(f1)), ("total", .int(total)),
        ]
        for (name, part) in [("HasAns", hasAnswer), ("NoAns", noAnswer)] {
            guard let part else { continue }
            members += [
                ("\(name)_exact", .double(part.exactMatch)), ("\(name)_f1", .double(part.f1)),
                ("\(name)_total", .int(part.total)),
            ]
        }
        if let thresholds {
            members += [
                ("best_exact", .double(thresholds.exactMatch.score)),
                ("best_exact_thresh", .double(thresholds.exactMatch.threshold)),
                ("best_f1", .double(thresholds.f1.score)), ("best_f1_thresh", .double(thresholds.f1.threshold)),
            ]
        }
        if let precision = thresholds?.averagePrecision {
            members += [
                ("pr_exact_ap", .double(precision.exactMatch)), ("pr_f1_ap", .double(precision.f1)),
                ("pr_oracle_ap", .double(precision.oracle)),
            ]
        }
        return members
    }

    /// The same as text.
    package func lines(speed: Double? = nil) -> [String] {
        var first = "questions          \(total)"
        if missing > 0 { first += ", \(missing) without a prediction" }
        if let speed { first += ", \(Figures.fixed(speed, 1)) a second" }
        var lines = [
            first, "exact match        \(Figures.fixed(exactMatch, 2)) %",
            "F1                 \(Figures.fixed(f1, 2)) %",
        ]
        if let hasAnswer { lines.append("with an answer     \(hasAnswer.text)") }
        if let noAnswer { lines.append("without an answer  \(noAnswer.text)") }
        if let thresholds {
            lines.append(
                "best threshold     \(Figures.fixed(thresholds.f1.threshold, 4)): F1 "
                    + "\(Figures.fixed(thresholds.f1.score, 2)) %; for "
                    + "exact match \(Figures.fixed(thresholds.exactMatch.threshold, 4)): "
                    + "\(Figures.fixed(thresholds.exactMatch.score, 2)) %")
        }
        if let precision = thresholds?.averagePrecision {
            lines.append(
                "average precision  \(Figures.fixed(precision.oracle, 2)) % of telling whether there is an answer, F1 "
                    + "\(Figures.fixed(precision.f1, 2)) %, exact match \(Figures.fixed(precision.exactMatch, 2)) %")
        }
        return lines
    }
}

extension ScoringRules {
    /// The members of JSON output about rules that are not SQuAD's.
    package var members: [(String, JSONValue)] {
        guard self != .squad else { return [] }
        return [("metric", .string(metric.rawValue))] + (language.map { [("language", .string($0))] } ?? [])
    }

    /// The same as text.
    package var lines: [String] { self == .squad ? [] : ["by the rules of    \(self)"] }
}

extension Scores.Part {
    fileprivate var text: String {
        "\(Figures.count(total, "question")): exact match \(Figures.fixed(exactMatch, 2)) %, F1 "
            + "\(Figures.fixed(f1, 2)) %"
    }
}
