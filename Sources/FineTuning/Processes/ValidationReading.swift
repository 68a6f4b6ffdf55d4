import QuestionAnswering

/// A model's readings of the validation rows, or of a process's part of them.
package struct ValidationReading {
    /// By the examples' numbers.
    package var predictions: [Int: Prediction] = [:]
    package var loss = SpanLoss()

    package init(predictions: [Int: Prediction], loss: SpanLoss) {
        (self.predictions, self.loss) = (predictions, loss)
    }

    /// The readings of all processes' parts together.
    package init(_ parts: [ValidationReading]) {
        let rows = parts.reduce(0) { $0 + $1.loss.rows }
        for part in parts {
            predictions.merge(part.predictions) { first, _ in first }
            let share = rows > 0 ? Double(part.loss.rows) / Double(rows) : 0
            loss.loss += part.loss.loss * share
            loss.accuracy += part.loss.accuracy * share
        }
        loss.rows = rows
    }

    /// Numbers that another process can read.
    package var numbers: [Double] {
        var result = [loss.loss, loss.accuracy, Double(loss.rows)]
        for (example, prediction) in predictions {
            result += [Double(example), prediction.noAnswerProbability, Double(prediction.candidates.count)]
            for candidate in prediction.candidates {
                result += [
                    Double(candidate.range.lowerBound), Double(candidate.range.upperBound), Double(candidate.logit),
                    Double(candidate.probability),
                ]
            }
        }
        return result
    }

    /// Reads what `numbers` returned; nil if it is something else.
    package init?(numbers: [Double]) {
        var rest = numbers[...]
        func next(_ count: Int) -> [Double]? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        guard let head = next(3) else { return nil }
        (loss.loss, loss.accuracy, loss.rows) = (head[0], head[1], Int(head[2]))
        while !rest.isEmpty {
            guard let example = next(3) else { return nil }
            var candidates: [Candidate] = []
            for _ in 0..<Int(example[2]) {
                guard let line = next(4), line[0] <= line[1] else { return nil }
                candidates.append(
                    Candidate(range: Int(line[0])..<Int(line[1]), logit: Float(line[2]), probability: Float(line[3])))
            }
            predictions[Int(example[0])] = Prediction(candidates: candidates, noAnswerProbability: example[1])
        }
    }
}

extension Team {
    /// This process's rows of a validation: those of consecutive examples, with about as many tokens as any other
    /// process has. The windows of an example stay together.
    func part(of features: [Feature]) -> [Feature] {
        guard size > 1 else { return features }
        let total = features.reduce(0) { $0 + $1.length }
        var result: [Feature] = []
        var (tokens, example, process) = (0, -1, 0)
        for feature in features {
            if feature.example != example {
                example = feature.example
                process = min(size - 1, tokens * size / max(1, total))
            }
            if process == rank { result.append(feature) }
            tokens += feature.length
        }
        return result
    }

    /// The readings of all processes; nil if one of them was asked to stop before it had read its part.
    func joined(_ own: ValidationReading?) throws(TrainingError) -> ValidationReading? {
        guard size > 1 else { return own }
        guard try sums([own == nil ? 1 : 0])[0] == 0 else { return nil }
        let bytes = (own?.numbers ?? []).withUnsafeBytes { Array($0) }
        let parts = try gather(bytes).map { part in
            ValidationReading(
                numbers: part.withUnsafeBytes { buffer in
                    (0..<(buffer.count / 8)).map { buffer.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
                })
        }
        return ValidationReading(parts.compactMap(\.self))
    }
}
