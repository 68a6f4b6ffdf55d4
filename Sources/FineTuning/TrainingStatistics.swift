import Files
import StrictJSON

/// The statistics of one epoch.
public struct EpochStatistics: Sendable, Hashable {
    /// The mean training loss over the epoch's rows.
    public var trainingLoss: Double
    /// Seconds spent training.
    public var trainingSeconds: Double
    /// The number of steps at the end of the epoch.
    public var steps: Int
    /// The learning rate of the epoch's last step.
    public var learningRate: Double
    /// Rows trained on a second.
    public var examplesPerSecond: Double
    /// Tokens trained on a second; there is no padding, so all are real.
    public var realTokensPerSecond: Double
    /// The result of the validation; nil without one.
    public var validation: Validation?

    /// The result of validating after an epoch.
    public struct Validation: Sendable, Hashable {
        /// The mean loss over the validation rows.
        public var loss: Double
        /// The share of start and end tokens found, 0 to 1.
        public var accuracy: Double
        /// Official exact match, 0 to 100.
        public var exactMatch: Double
        /// Official F1, 0 to 100.
        public var f1: Double
        /// The threshold with the best F1 (see `NoAnswerThreshold`), if some questions have no answer; the scores use
        /// it.
        public var noAnswerThreshold: Double?
        /// The calibration error of the scores, 0 to 1, on articles that the calibration was not fitted on; only for
        /// the epoch whose model was kept, at the end of the run.
        public var calibrationError: Double?
        /// Seconds spent validating.
        public var seconds: Double
    }
}

/// The statistics of a run by epoch: `training_stats.json`.
public struct TrainingStatistics: Sendable, Hashable {
    /// One entry for each finished epoch, in order.
    public var epochs: [EpochStatistics] = []

    /// No epoch yet.
    public init() {}

    /// Reads `training_stats.json` of a run directory.
    ///
    /// - Throws: `FileError` that names the file.
    package init(directory: String) throws(FileError) {
        let path = "\(directory)/training_stats.json"
        let value: JSONValue
        do {
            value = try MappedFile(path: path).withBytes(JSONValue.parse)
        } catch let error as FileError {
            throw error
        } catch {
            throw FileError(path: path, message: "not valid JSON: \(error)")
        }
        try self.init(json: value, path: path)
    }

    /// The finished epoch with the best F1, counted from 1; the first if several are equal. Without validation the last
    /// one.
    public var bestEpoch: Int? {
        guard !epochs.isEmpty else { return nil }
        var best: (index: Int, f1: Double)?
        for (index, epoch) in epochs.enumerated() {
            if let f1 = epoch.validation?.f1, best.map({ f1 > $0.f1 }) ?? true { best = (index, f1) }
        }
        return (best?.index ?? epochs.count - 1) + 1
    }

    /// How many epochs there were after the best.
    package var epochsSinceBest: Int { bestEpoch.map { epochs.count - $0 } ?? 0 }

    /// The document that `training_stats.json` holds.
    package func json() -> JSONValue {
        .object(JSONObject(epochs.enumerated().map { ("epoch_\($0.offset + 1)", $0.element.json) }))
    }

    /// Reads what `json()` returned.
    ///
    /// - Throws: `FileError` for a document of another shape.
    package init(json: JSONValue, path: String) throws(FileError) {
        guard let object = json.object else { throw FileError(path: path, message: "the statistics are not an object") }
        for number in 1..<(object.count + 1) {
            guard let entry = object["epoch_\(number)"], let epoch = EpochStatistics(json: entry) else {
                throw FileError(path: path, message: "the statistics have no usable epoch_\(number)")
            }
            epochs.append(epoch)
        }
    }
}

extension EpochStatistics {
    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = [("training_loss", .double(trainingLoss))]
        if let validation {
            members += [
                ("valid_loss", .double(validation.loss)), ("valid_accuracy", .double(validation.accuracy)),
                ("exact_match", .double(validation.exactMatch)), ("f1", .double(validation.f1)),
            ]
            if let threshold = validation.noAnswerThreshold {
                members.append(("no_answer_threshold", .double(threshold)))
            }
            if let error = validation.calibrationError { members.append(("calibration_error", .double(error))) }
        }
        members.append(("training_time", .string(Self.clock(trainingSeconds))))
        if let validation { members.append(("valid_time", .string(Self.clock(validation.seconds)))) }
        members += [
            ("training_seconds", .double(trainingSeconds)), ("valid_seconds", .double(validation?.seconds ?? 0)),
            ("steps", .int(steps)), ("learning_rate", .double(learningRate)),
            ("examples_per_second", .double(examplesPerSecond)),
            ("real_tokens_per_second", .double(realTokensPerSecond)),
        ]
        return .object(JSONObject(members))
    }

    fileprivate init?(json: JSONValue) {
        guard let loss = json["training_loss"]?.double, let seconds = json["training_seconds"]?.double,
            let steps = json["steps"]?.int, let rate = json["learning_rate"]?.double,
            let examples = json["examples_per_second"]?.double, let tokens = json["real_tokens_per_second"]?.double
        else { return nil }
        self.init(
            trainingLoss: loss, trainingSeconds: seconds, steps: steps, learningRate: rate,
            examplesPerSecond: examples, realTokensPerSecond: tokens)
        if let loss = json["valid_loss"]?.double, let accuracy = json["valid_accuracy"]?.double,
            let exactMatch = json["exact_match"]?.double, let f1 = json["f1"]?.double,
            let seconds = json["valid_seconds"]?.double
        {
            validation = Validation(
                loss: loss, accuracy: accuracy, exactMatch: exactMatch, f1: f1,
                noAnswerThreshold: json["no_answer_threshold"]?.double,
                calibrationError: json["calibration_error"]?.double, seconds: seconds)
        }
    }

    /// Seconds as hours, minutes and seconds, such as `0:51:17`.
    static func clock(_ seconds: Double) -> String {
        let whole = seconds.isFinite ? Int(max(0, seconds).rounded()) : 0
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }
}
