import Foundation

/// The readings of all windows of one question, of one text or of several, ranked together.
struct RankedReadings {
    /// The best places with the number of the text that each is in, best first.
    let candidates: [(text: Int, candidate: Candidate)]
    /// How likely it is that no text has an answer; see `Prediction.noAnswerProbability`.
    let noAnswerProbability: Double
    /// Over all spans of all texts; see `RowReading.logSums`.
    let logSums: [Double]

    /// - Parameters:
    ///   - readings: for each text, the readings of its windows.
    ///   - count: how many candidates to keep.
    ///   - distinct: whether places of one text that overlap count as one, the best.
    ///   - scoring: that which the readings were made with.
    init(_ readings: [[RowReading]], count: Int, distinct: Bool = false, scoring: Scoring) {
        var (starts, ends, nothing) = (LogSumExp(), LogSumExp(), Float.infinity)
        var open: [(text: Int, range: Range<Int>, start: Float, end: Float)] = []
        for (text, windows) in readings.enumerated() {
            for reading in windows {
                nothing = min(nothing, reading.nothing)
                starts.add(reading.starts)
                ends.add(reading.ends)
                open += reading.spans.map { (text, $0.range, $0.start, $0.end) }
            }
        }
        let ranked = open.enumerated().sorted {
            ($1.element.start + $1.element.end, $0.offset) < ($0.element.start + $0.element.end, $1.offset)
        }
        // Overlapping windows see the same span twice: the better view counts.
        var seen: Set<Place> = []
        var best: [(text: Int, candidate: Candidate)] = []
        for (_, span) in ranked where best.count < count && seen.insert(Place(span.text, span.range)).inserted {
            if distinct, best.contains(where: { $0.text == span.text && $0.candidate.range.overlaps(span.range) }) {
                continue
            }
            let probability = Self.probability(span.start - starts.value) * Self.probability(span.end - ends.value)
            let candidate = Candidate(range: span.range, logit: span.start + span.end, probability: probability)
            best.append((span.text, candidate))
        }
        let margin = best.first.map { Double(nothing) - Double($0.candidate.logit) } ?? .infinity
        let none = 1 / (1 + exp(-margin))
        logSums = Self.logSums(readings.flatMap(\.self))
        guard let calibration = scoring.calibration, let logSum = logSums.first else {
            (candidates, noAnswerProbability) = (best, none)
            return
        }
        candidates = best.map { text, candidate in
            let score = calibration.score(logit: Double(candidate.logit), logSum: logSum, noAnswer: none)
            return (text, Candidate(range: candidate.range, logit: candidate.logit, probability: Float(score)))
        }
        noAnswerProbability = calibration.noAnswerProbability(none)
    }

    /// The readings of several texts, each with a bonus of its own.
    ///
    /// Places are ranked by their logits plus the bonus of their text, and probabilities are shares of the sum of all
    /// pairs of tokens of one text each. The no-answer probability is that of the text with the best place.
    ///
    /// - Parameters:
    ///   - bonuses: added to the logits in each text.
    ///   - scoring: that which the readings were made with.
    init(_ readings: [[RowReading]], count: Int, distinct: Bool, bonuses: [Float], scoring: Scoring) {
        var total = LogSumExp()
        var open: [(text: Int, candidate: Candidate)] = []
        for (text, windows) in readings.enumerated() {
            // Within one text nothing changes: its windows compete as they always do.
            let own = RankedReadings([windows], count: count, distinct: distinct, scoring: .tokenProbabilities)
            open += own.candidates.map { (text, $0.candidate) }
            total.add(Self.sum(windows) + bonuses[text])
        }
        func rank(_ place: (text: Int, candidate: Candidate)) -> Float { place.candidate.logit + bonuses[place.text] }
        let ranked = open.enumerated().sorted {
            (rank($1.element), $0.offset) < (rank($0.element), $1.offset)
        }.prefix(count).map(\.element)
        let margin = ranked.first.map { Double(Self.nothing(readings[$0.text])) - Double($0.candidate.logit) }
        let none = 1 / (1 + exp(-(margin ?? .infinity)))
        logSums = []
        noAnswerProbability = scoring.calibration?.noAnswerProbability(none) ?? none
        // A bonus counts in logits, so the temperature divides it too.
        let logSum = scoring.calibration.map { calibration in
            Self.logSum(
                zip(readings, bonuses).compactMap { windows, bonus in
                    Self.logSums(windows).first.map { $0 + Double(bonus) / calibration.temperature }
                })
        }
        candidates = ranked.map { place in
            let (range, logit) = (place.candidate.range, place.candidate.logit)
            let score =
                scoring.calibration?.score(logit: Double(rank(place)), logSum: logSum ?? .infinity, noAnswer: none)
            let probability = score.map { Float($0) } ?? Self.probability(rank(place) - total.value)
            return (place.text, Candidate(range: range, logit: logit, probability: probability))
        }
    }

    /// Over the spans of all windows, for each of the temperatures that they were read with.
    private static func logSums(_ windows: [RowReading]) -> [Double] {
        (windows.first?.logSums ?? []).indices.map { index in logSum(windows.map { $0.logSums[index] }) }
    }

    /// The logarithm of a sum of exponentials.
    private static func logSum(_ values: [Double]) -> Double {
        let most = values.max() ?? -.infinity
        return most.isFinite ? most + log(values.reduce(0) { $0 + exp($1 - most) }) : most
    }

    /// The logarithm of the sum of the exponentials of all pairs of start and end, of all windows of a text.
    private static func sum(_ windows: [RowReading]) -> Float {
        var (starts, ends) = (LogSumExp(), LogSumExp())
        for window in windows {
            starts.add(window.starts)
            ends.add(window.ends)
        }
        return starts.value + ends.value
    }

    /// The logits of "no answer" in a text: the lowest of its windows.
    static func nothing(_ windows: [RowReading]) -> Float { windows.reduce(.infinity) { min($0, $1.nothing) } }

    private static func probability(_ logarithm: Float) -> Float { min(1, logarithm.exponential) }

    private struct Place: Hashable {
        let text: Int
        let range: Range<Int>

        init(_ text: Int, _ range: Range<Int>) {
            (self.text, self.range) = (text, range)
        }
    }
}
