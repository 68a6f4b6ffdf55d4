import Charts
import Console
import SQuAD
import StrictJSON

/// What an evaluation reports about scores: their calibration error, and the exact match of the surest answers.
struct ConfidenceReport {
    private let reliability: Reliability
    private let isCalibrated: Bool
    private let limited: Limited?

    /// The answers that remain above the lowest allowed score.
    private struct Limited {
        let minScore: Double
        let answered: Int
        let right: Int
        /// Exact match of the answers; nil without any.
        var percent: Double? { answered == 0 ? nil : 100 * Double(right) / Double(answered) }
    }

    /// The shares of the questions that the report lists.
    private static let shares = (1...10).map { Double($0) / 10 }

    /// A report on the scores of open questions.
    init(_ reliability: Reliability, isCalibrated: Bool) {
        (self.reliability, self.isCalibrated, limited) = (reliability, isCalibrated, nil)
    }

    init(_ run: DatasetPrediction, rules: ScoringRules) {
        reliability = run.reliability(rules: rules)
        isCalibrated = run.isCalibrated
        limited = run.minScore.map { minScore in
            let answers = run.answers
            let scores = SQuADMetrics.questionScores(run.dataset, predictions: answers, rules: rules)
            let given = scores.filter { answers[$0.id]?.isEmpty == false }
            return Limited(
                minScore: minScore, answered: given.count, right: given.count { $0.exactMatch > 0 })
        }
    }

    var chart: ReliabilityChart {
        ReliabilityChart(
            bins: reliability.bins.map {
                ReliabilityChart.Bin(
                    lower: $0.lower, upper: $0.upper, count: $0.count, meanScore: $0.meanScore, accuracy: $0.accuracy)
            }, coverage: reliability.coverages.map { ($0.share, $0.accuracy) }, error: reliability.calibrationError)
    }

    /// The members of JSON output.
    var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("calibrated", .bool(isCalibrated)), ("calibration_error", .double(reliability.calibrationError)),
            ("calibration_error_by_chance", .double(reliability.errorByChance())),
            ("reliability", .array(reliability.bins.map(\.json))),
            ("surest", .array(Self.shares.compactMap { reliability.coverage(atLeast: $0)?.json })),
        ]
        if let limited {
            members += [
                ("min_score", .double(limited.minScore)), ("answered", .int(limited.answered)),
                ("answered_exact_match", limited.percent.map(JSONValue.double) ?? .null),
            ]
        }
        return members
    }

    /// The same as text.
    var lines: [String] {
        var lines = [
            "calibration error  \(Figures.fixed(reliability.calibrationError, 4)) over \(reliability.bins.count) bins; "
                + "\(Figures.fixed(reliability.errorByChance(), 4)) would be chance"
                + (isCalibrated ? "" : ". The model is not calibrated")
        ]
        if let half = reliability.coverage(atLeast: 0.5) {
            lines.append(
                "the surest half    exact match \(Figures.fixed(100 * half.accuracy, 2)) %, scores from "
                    + "\(Figures.fixed(half.score, 3))")
        }
        if let limited {
            let right = limited.percent.map { ", exact match of these \(Figures.fixed($0, 2)) %" } ?? ""
            lines.append(
                "answered           \(limited.answered) of \(reliability.count) questions, those with a score of "
                    + "\(limited.minScore) or more\(right)")
        }
        return lines
    }
}

extension Reliability.Bin {
    fileprivate var json: JSONValue {
        [
            "from": .double(lower), "to": .double(upper), "questions": .int(count), "score": .double(meanScore),
            "exact_match": .double(100 * accuracy),
        ]
    }
}

extension Reliability.Coverage {
    fileprivate var json: JSONValue {
        ["share": .double(share), "min_score": .double(score), "exact_match": .double(100 * accuracy)]
    }
}
