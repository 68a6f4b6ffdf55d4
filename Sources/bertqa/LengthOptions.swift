import ArgumentParser
import FineTuning
import QuestionAnswering

/// How rows are cut.
struct LengthOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The most tokens of one row, question and special tokens included. (default: 384, or the model's "
                + "positions if fewer)")
    )
    var maxLength: Int?

    @Option(
        help: ArgumentHelp(
            "What happens to texts that are too long: windows reads them whole, end and start cut off that side, "
                + "longest_first cuts as the tutorial does. (default: windows)", valueName: "truncation"))
    var truncation: ContextTruncation?

    @Option(help: "Tokens that two windows share. (default: 128, or a third of --max-length)")
    var docStride: Int?

    /// The options with their defaults, those of the tutorial where it asks for them.
    func features(preset: TrainingPreset? = nil) -> FeatureOptions {
        var features = FeatureOptions(maxLength: maxLength, truncation: truncation ?? .windows, docStride: docStride)
        if preset == .tutorial, truncation == nil { features.truncation = .longestFirst }
        return features
    }
}
