import Charts

extension LearningCurve {
    /// The picture of a run.
    package init(_ statistics: TrainingStatistics) {
        self.init(
            epochs: statistics.epochs.map { epoch in
                Epoch(
                    trainingLoss: epoch.trainingLoss, validationLoss: epoch.validation?.loss,
                    exactMatch: epoch.validation?.exactMatch, f1: epoch.validation?.f1)
            }, best: statistics.bestEpoch)
    }
}
