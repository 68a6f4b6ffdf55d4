import BERT
import QuestionAnswering
import SQuAD

/// A sample for fitting a calibration: a question whose right answer is known, and the model's prediction for it.
package struct CalibrationSample: Sendable, Hashable {
    /// The sum of the logits of the best answer.
    package let logit: Double
    /// Over all spans, at each of `Scoring.measuredTemperatures`.
    package let logSums: [Double]
    /// The model's own probability that the text has no answer.
    package let noAnswer: Double
    /// Whether the best answer is right by the official exact match.
    package let isRight: Bool
    /// Whether the text has an answer.
    package let hasAnswer: Bool
    /// The number of the article; questions of one article are not held out from each other.
    package let article: Int

    /// A sample with these numbers.
    package init(
        logit: Double, logSums: [Double], noAnswer: Double, isRight: Bool, hasAnswer: Bool = true, article: Int = 0
    ) {
        (self.logit, self.logSums, self.noAnswer) = (logit, logSums, noAnswer)
        (self.isRight, self.hasAnswer, self.article) = (isRight, hasAnswer, article)
    }

    /// The samples of a dataset: one for each question for which there is a prediction.
    ///
    /// - Parameters:
    ///   - predictions: by the numbers of the examples, as `Scoring.measuring` makes them.
    ///   - examples: those of the dataset, in its order.
    package static func samples(
        _ predictions: [Int: Prediction], of examples: [Example], in dataset: Dataset, rules: ScoringRules = .squad
    ) -> [CalibrationSample] {
        let texts = Evaluation.texts(predictions, of: examples, threshold: nil)
        let scores = SQuADMetrics.questionScores(dataset, predictions: texts, rules: rules)
        let articles = dataset.articles.enumerated().flatMap { number, article in
            article.paragraphs.flatMap { $0.questions.map { _ in number } }
        }
        return examples.indices.compactMap { index in
            guard let prediction = predictions[index], let best = prediction.candidates.first,
                !prediction.logSums.isEmpty
            else { return nil }
            let hasAnswer = !examples[index].isImpossible
            return CalibrationSample(
                logit: Double(best.logit), logSums: prediction.logSums, noAnswer: prediction.noAnswerProbability,
                isRight: hasAnswer && scores[index].exactMatch > 0, hasAnswer: hasAnswer, article: articles[index])
        }
    }
}

/// Fits a calibration: the scale and the offset that maximise the likelihood of the outcomes, and the temperature that
/// does so for long texts.
///
/// With a higher temperature more of the sum over spans comes from tokens that nobody would take for the answer, so
/// that scores fall with the length of the text. A text by itself does not show that; see `Dataset.amongOthers`.
package enum CalibrationFit {
    /// The fewest questions with an answer, and the fewest of them right and wrong, that a fit is made on; also the
    /// fewest without an answer for the map of `ConfidenceCalibration.noAnswer`.
    package static let (leastQuestions, leastOutcomes) = (50, 5)

    /// The calibration for these samples.
    ///
    /// - Parameters:
    ///   - samples: questions about their own texts; scale and offset are fitted on them.
    ///   - long: some of the questions about their texts among others; they count as much for the temperature.
    /// - Throws: `EvaluationError.calibration` for too few of them.
    package static func calibration(
        _ samples: [CalibrationSample], long: [CalibrationSample] = []
    ) throws(EvaluationError) -> ConfidenceCalibration {
        let answerable = samples.filter(\.hasAnswer)
        let right = answerable.count { $0.isRight }
        guard answerable.count >= leastQuestions, right >= leastOutcomes, answerable.count - right >= leastOutcomes
        else {
            throw .calibration(
                "calibrating scores takes at least \(leastQuestions) questions with an answer, \(leastOutcomes) of "
                    + "them answered right and \(leastOutcomes) wrong; here are \(answerable.count), of which \(right) "
                    + "right and \(answerable.count - right) wrong")
        }
        let long = long.filter(\.hasAnswer)
        let fits = Scoring.measuredTemperatures.indices.map { index in
            let fit = LogisticFit(
                logOdds: answerable.map { $0.logOdds(index) }, outcomes: answerable.map(\.isRight))
            let longLoss = LogisticFit.loss(
                of: fit.map, logOdds: long.map { $0.logOdds(index) }, outcomes: long.map(\.isRight))
            return (temperature: Scoring.measuredTemperatures[index], map: fit.map, loss: fit.loss + longLoss)
        }
        guard let best = fits.min(by: { $0.loss < $1.loss }) else {
            throw .calibration("there is no temperature to choose from")
        }
        return ConfidenceCalibration(
            temperature: best.temperature, answer: best.map, noAnswer: noAnswer(samples), questions: samples.count)
    }

    /// The map from the model's own no-answer probability to the measured one, if enough questions have no answer.
    private static func noAnswer(_ samples: [CalibrationSample]) -> ConfidenceCalibration.Map? {
        let known = samples.filter { $0.noAnswer > 0 && $0.noAnswer < 1 }
        guard known.count(where: { !$0.hasAnswer }) >= leastQuestions else { return nil }
        return LogisticFit(
            logOdds: known.map { ConfidenceCalibration.logOdds($0.noAnswer) }, outcomes: known.map { !$0.hasAnswer }
        ).map
    }

    /// Scores and outcomes of samples, each scored by a calibration that was fitted on other articles; nil if that
    /// leaves too few to fit on.
    ///
    /// - Parameter parts: how often the articles are divided.
    package static func heldOut(
        _ samples: [CalibrationSample], long: [CalibrationSample] = [], parts: Int = 10
    ) -> [Reliability.Outcome]? {
        let articles = Array(Set(samples.map(\.article))).sorted()
        let count = min(parts, articles.count)
        guard count > 1 else { return nil }
        let part = Dictionary(uniqueKeysWithValues: articles.enumerated().map { ($0.element, $0.offset % count) })
        var outcomes: [Reliability.Outcome] = []
        for number in 0..<count {
            func isFitted(_ sample: CalibrationSample) -> Bool { part[sample.article] != number }
            guard let calibration = try? calibration(samples.filter(isFitted), long: long.filter(isFitted)) else {
                return nil
            }
            outcomes += samples.filter { part[$0.article] == number }.map { $0.outcome(calibration) }
        }
        return outcomes
    }
}

extension CalibrationSample {
    /// The log-odds of the best answer at one of `Scoring.measuredTemperatures`.
    fileprivate func logOdds(_ index: Int) -> Double {
        ConfidenceCalibration.logOdds(
            logProbability: logit / Scoring.measuredTemperatures[index] - logSums[index])
    }

    /// The score of the best answer, and whether it is right.
    package func outcome(_ calibration: ConfidenceCalibration) -> Reliability.Outcome {
        let index = Scoring.measuredTemperatures.firstIndex(of: calibration.temperature) ?? 0
        return Reliability.Outcome(
            score: calibration.score(logit: logit, logSum: logSums[index], noAnswer: noAnswer), isRight: isRight)
    }
}
