import Checkpoints
import Foundation
import StrictJSON

/// How a model's logits become the probability that an answer is right: BertQA's own key `bertqa_confidence` in
/// `config.json`, which transformers keeps and ignores.
///
/// With p the probability of a span among all spans of the text at the temperature, an answer is right with the
/// probability σ(`answer.scale` · logit p + `answer.offset`); where the model knows texts without an answer, times
/// the probability that there is one. All of these rise with p, so that the order of answers stays what it is.
package struct ConfidenceCalibration: Sendable, Hashable {
    /// A probability becomes another one: σ(scale · logit p + offset).
    package struct Map: Sendable, Hashable {
        /// Above 0, so that what is more likely stays so.
        package let scale: Double
        /// What is added to the log-odds.
        package let offset: Double

        /// A map with these numbers.
        package init(scale: Double, offset: Double) {
            (self.scale, self.offset) = (scale, offset)
        }

        /// What a probability becomes, from its log-odds.
        package func probability(logOdds: Double) -> Double { 1 / (1 + exp(-(scale * logOdds + offset))) }
    }

    /// What logits are divided by before they become probabilities; above 0.
    package let temperature: Double
    /// From the probability of a span to that of a right answer.
    package let answer: Map
    /// From the model's probability that a text has no answer to the measured one; nil if that was not measured.
    package let noAnswer: Map?
    /// The number of questions that all this was fitted on.
    package let questions: Int

    /// A calibration with these numbers.
    package init(temperature: Double, answer: Map, noAnswer: Map? = nil, questions: Int) {
        (self.temperature, self.answer) = (temperature, answer)
        (self.noAnswer, self.questions) = (noAnswer, questions)
    }

    /// The name of the key in `config.json`.
    package static let key = "bertqa_confidence"
    /// The values that a record may have.
    package static let (temperatures, scales, offsets) = (0.01...100.0, 1e-6...1000.0, -1000.0...1000.0)
}

// MARK: - Scores

extension ConfidenceCalibration {
    /// The probability that an answer is right, 0 to 1.
    ///
    /// - Parameters:
    ///   - logit: the sum of the logits of its first and last token.
    ///   - logSum: the logarithm of the sum over all spans of e to the power of (logit / temperature).
    ///   - noAnswer: the model's own probability that the text has no answer.
    package func score(logit: Double, logSum: Double, noAnswer raw: Double) -> Double {
        let right = answer.probability(logOdds: Self.logOdds(logProbability: logit / temperature - logSum))
        return noAnswer == nil ? right : right * (1 - noAnswerProbability(raw))
    }

    /// How likely it is that a text has no answer, from the model's own probability; what is more likely stays so.
    package func noAnswerProbability(_ raw: Double) -> Double {
        guard let noAnswer else { return raw }
        return noAnswer.probability(logOdds: Self.logOdds(raw))
    }

    /// The model's own probability of which `noAnswerProbability` made this one.
    package func rawNoAnswerProbability(_ probability: Double) -> Double {
        guard let noAnswer else { return probability }
        return 1 / (1 + exp(-(Self.logOdds(probability) - noAnswer.offset) / noAnswer.scale))
    }

    /// ln(p / (1 - p)); infinite for 0 and 1.
    package static func logOdds(_ probability: Double) -> Double { log(probability) - log1p(-probability) }

    /// ln(p / (1 - p)) of a probability given as ln p. Where p is 1 but for rounding, as if it were 1 - 1e-7.
    package static func logOdds(logProbability: Double) -> Double {
        let bounded = min(logProbability, -1e-7)
        return bounded - log(-expm1(bounded))
    }
}

// MARK: - In config.json

extension ConfidenceCalibration {
    /// What `config.json` has under `key`.
    package var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("temperature", .double(temperature)), ("scale", .double(answer.scale)), ("offset", .double(answer.offset)),
        ]
        if let noAnswer { members.append(("no_answer", noAnswer.json)) }
        members.append(("questions", .int(questions)))
        return .object(JSONObject(members))
    }

    /// Reads and checks a record; `path` is that of the file, for errors.
    ///
    /// - Throws: `CheckpointError` that names the file and the field.
    init(json: JSONValue, path: String) throws(CheckpointError) {
        let fields = RecordFields(json, name: Self.key, path: path)
        try fields.check(["temperature", "scale", "offset", "no_answer", "questions"])
        temperature = try fields.number("temperature", in: Self.temperatures)
        answer = try fields.map()
        if let map = fields.object["no_answer"], map != .null {
            let fields = RecordFields(map, name: Self.key + ".no_answer", path: path)
            try fields.check(["scale", "offset"])
            noAnswer = try fields.map()
        } else {
            noAnswer = nil
        }
        guard let count = fields.object["questions"]?.int, count > 0 else {
            throw fields.invalid("questions", "a whole number from 1")
        }
        questions = count
    }

    /// Checks numbers that a program has set.
    func validate(path: String) throws(CheckpointError) { _ = try ConfidenceCalibration(json: json, path: path) }
}

extension ConfidenceCalibration.Map {
    /// An object with both numbers.
    package var json: JSONValue {
        .object(JSONObject([("scale", .double(scale)), ("offset", .double(offset))]))
    }
}

/// The fields of a record; errors name them with those they stand in.
private struct RecordFields {
    let object: JSONObject
    let name: String
    let path: String
    private let isObject: Bool

    init(_ json: JSONValue, name: String, path: String) {
        (object, isObject) = (json.object ?? JSONObject([]), json.object != nil)
        (self.name, self.path) = (name, path)
    }

    func check(_ known: Set<String>) throws(CheckpointError) {
        guard isObject else { throw error("'\(name)' is not an object") }
        if let unknown = object.first(where: { !known.contains($0.0) })?.0 {
            throw error("'\(name)' has the unknown field '\(unknown)'")
        }
    }

    func number(_ field: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double {
        guard let number = object[field]?.double, range.contains(number) else {
            throw invalid(field, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func map() throws(CheckpointError) -> ConfidenceCalibration.Map {
        ConfidenceCalibration.Map(
            scale: try number("scale", in: ConfidenceCalibration.scales),
            offset: try number("offset", in: ConfidenceCalibration.offsets))
    }

    func invalid(_ field: String, _ expected: String) -> CheckpointError {
        let found = object[field].map { "is \($0.serialized(pretty: false, sortedKeys: false))" } ?? "is missing"
        return error("'\(name).\(field)' \(found); expected \(expected)")
    }

    private func error(_ message: String) -> CheckpointError {
        CheckpointError(
            path: path, kind: .invalid,
            message: "\(message); remove '\(ConfidenceCalibration.key)' from the file, and calibrate the model again")
    }
}
