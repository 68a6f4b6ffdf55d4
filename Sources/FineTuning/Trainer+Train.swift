import Console

/// Stops a run after its current step, with a checkpoint.
public typealias InterruptFlag = Console.InterruptFlag

extension Trainer {
    /// Prepares a run and trains to its end, in this process alone.
    ///
    /// - Throws: `TrainingError` that names the file or the option.
    public static func train(_ options: TrainingOptions) throws(TrainingError) -> TrainingSummary {
        try train(options, interrupt: InterruptFlag())
    }

    /// Prepares a run and trains to its end, or until the flag is raised.
    ///
    /// - Throws: `TrainingError` of the kind `.interrupted` once the flag is raised, with a checkpoint saved.
    public static func train(
        _ options: TrainingOptions, interrupt: InterruptFlag
    ) throws(TrainingError) -> TrainingSummary {
        try train(options, command: CommandLine.arguments, interrupt: interrupt, team: Team())
    }
}
