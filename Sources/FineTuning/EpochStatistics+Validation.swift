import Evaluating
import QuestionAnswering
import SQuAD

extension EpochStatistics.Validation {
    /// The official scores; if some questions have no answer, those with the best threshold for F1.
    init(_ predictions: [Int: Prediction], of examples: [Example], in dataset: Dataset) {
        self.init(loss: 0, accuracy: 0, exactMatch: 0, f1: 0, seconds: 0)
        let answers = Evaluation.texts(predictions, of: examples, threshold: nil)
        var noAnswer: NoAnswerProbabilities?
        if dataset.hasImpossibleQuestions {
            let probabilities = Evaluation.noAnswerProbabilities(predictions, of: examples)
            noAnswer = probabilities
            noAnswerThreshold =
                SQuADMetrics.score(dataset, predictions: answers, noAnswer: probabilities).thresholds?.f1.threshold
        }
        let scores = SQuADMetrics.score(
            dataset, predictions: answers, noAnswer: noAnswer, threshold: noAnswerThreshold ?? 1)
        (exactMatch, f1) = (scores.exactMatch, scores.f1)
    }
}

extension EpochStatistics {
    /// The threshold of models for which none could be measured.
    static let evenThreshold = 0.5

    /// The scalars that TensorBoard shows for an epoch.
    var scalars: [(tag: String, value: Double)] {
        var scalars = [("epoch/training_loss", trainingLoss)]
        if let validation {
            scalars += [
                ("epoch/validation_loss", validation.loss), ("epoch/validation_accuracy", validation.accuracy),
                ("epoch/exact_match", validation.exactMatch), ("epoch/f1", validation.f1),
            ]
        }
        return scalars.map { (tag: $0.0, value: $0.1) }
    }
}
