/// stand-in until the branch is merged
struct LearningCurve { init(_ s: TrainingStatistics) {}; func svg() -> String { "" } }
extension TrainingStatistics { var verdict: String? { nil } }
