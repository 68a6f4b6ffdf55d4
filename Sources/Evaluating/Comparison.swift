import Files
import QuestionAnswering
import SQuAD
import StrictJSON
import Torch

/// Several models' answers to one dataset, side by side.
package struct Comparison: Sendable {
    /// One model's answers to the dataset.
    package struct Entry: Sendable {
        /// The model's name: its directory.
        package let name: String
        /// The number of its parameters.
        package let parameters: Int
        /// Its answers by question id.
        package let answers: [QuestionID: String]
        /// The tutorial's scores over tokens.
        package let tokens: TokenScores
        /// Questions answered a second.
        package let questionsPerSecond: Double
        /// The bytes that its weights take up.
        package let weightBytes: Int
        /// The most bytes that the process held while it loaded the model and answered; nil if the system does not
        /// report it.
        package let peakMemory: Int?

        /// An entry from its parts.
        package init(
            name: String, parameters: Int, answers: [QuestionID: String], tokens: TokenScores,
            questionsPerSecond: Double, weightBytes: Int, peakMemory: Int?
        ) {
            self.name = name
            self.parameters = parameters
            self.answers = answers
            self.tokens = tokens
            self.questionsPerSecond = questionsPerSecond
            self.weightBytes = weightBytes
            self.peakMemory = peakMemory
        }

        /// Answers a dataset with a model, or with several together, and measures speed and memory.
        ///
        /// - Throws: what `DatasetPrediction` throws.
        package init(name: String, folders: [String], data: String, options: PredictionOptions) throws {
            Runtime.releaseMemory()
            let isMeasured = ProcessMemory.beginPeak()
            let run = try DatasetPrediction(models: folders, data: data, options: options)
            self.init(
                name: name, parameters: run.parameterCount, answers: run.answers, tokens: run.tokenScores,
                questionsPerSecond: run.questionsPerSecond, weightBytes: run.weightBytes,
                peakMemory: isMeasured ? ProcessMemory.peak : nil)
        }
    }

    /// An entry with its official scores.
    package struct Result: Sendable {
        /// What was measured.
        package let entry: Entry
        /// The official scores of each question, in the order of the file.
        package let questions: [QuestionScore]
        /// Official exact match, 0 to 100.
        package let exactMatch: Double
        /// Its bootstrap interval.
        package let exactMatchInterval: ClosedRange<Double>
        /// Official F1, 0 to 100.
        package let f1: Double
        /// Its bootstrap interval.
        package let f1Interval: ClosedRange<Double>
    }

    /// How two models differ on the same questions.
    package struct Difference: Sendable {
        /// The two models' places in `results`.
        package let first: Int
        /// The second one's.
        package let second: Int
        /// The first one's F1 less the second one's.
        package let f1: Double
        /// Its bootstrap interval, question by question.
        package let interval: ClosedRange<Double>
        /// Whether 0 is outside the interval.
        package var isBeyondChance: Bool { !interval.contains(0) }
    }

    /// The dataset.
    package let dataset: Dataset
    /// How answers are compared.
    package let rules: ScoringRules
    /// The models in the order given.
    package let results: [Result]
    /// Every pair of them.
    package let differences: [Difference]

    /// Scores the entries by the given rules.
    package init(dataset: Dataset, entries: [Entry], rules: ScoringRules = .squad) {
        (self.dataset, self.rules) = (dataset, rules)
        let results = entries.map { entry in
            let questions = SQuADMetrics.questionScores(dataset, predictions: entry.answers, rules: rules)
            let scores = SQuADMetrics.score(dataset, predictions: entry.answers, rules: rules)
            return Result(
                entry: entry, questions: questions, exactMatch: scores.exactMatch,
                exactMatchInterval: Self.percent(Bootstrap.interval(questions.map(\.exactMatch))), f1: scores.f1,
                f1Interval: Self.percent(Bootstrap.interval(questions.map(\.f1))))
        }
        self.results = results
        var differences: [Difference] = []
        for first in results.indices {
            for second in results.indices where second > first {
                let gaps = zip(results[first].questions, results[second].questions).map { $0.f1 - $1.f1 }
                differences.append(
                    Difference(
                        first: first, second: second, f1: results[first].f1 - results[second].f1,
                        interval: Self.percent(Bootstrap.interval(gaps))))
            }
        }
        self.differences = differences
    }

    private static func percent(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
        (100 * range.lowerBound)...(100 * range.upperBound)
    }

    /// The object that `compare --json` prints.
    package func json() -> JSONValue {
        let pair = { (range: ClosedRange<Double>) in
            JSONValue.array([.double(range.lowerBound), .double(range.upperBound)])
        }
        let models = results.map { result in
            JSONValue.object([
                "model": .string(result.entry.name), "parameters": .int(result.entry.parameters),
                "exact_match": .double(result.exactMatch), "exact_match_interval": pair(result.exactMatchInterval),
                "f1": .double(result.f1), "f1_interval": pair(result.f1Interval),
                "token_exact_match": .double(result.entry.tokens.exactMatch),
                "token_f1": .double(result.entry.tokens.f1),
                "questions_per_second": .double(result.entry.questionsPerSecond),
                "weight_bytes": .int(result.entry.weightBytes),
                "peak_memory_bytes": result.entry.peakMemory.map(JSONValue.int) ?? .null,
            ])
        }
        let pairs = differences.map { difference in
            JSONValue.object([
                "a": .string(results[difference.first].entry.name), "b": .string(results[difference.second].entry.name),
                "f1_difference": .double(difference.f1), "interval": pair(difference.interval),
                "beyond_chance": .bool(difference.isBeyondChance),
            ])
        }
        let members: [(String, JSONValue)] = [
            ("total", .int(dataset.questionCount)), ("models", .array(models)), ("differences", .array(pairs)),
        ]
        return .object(JSONObject(members + rules.members))
    }
}
