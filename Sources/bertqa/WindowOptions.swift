import ArgumentParser
import QuestionAnswering

/// How a text of any length is read in windows.
struct WindowOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Tokens of one window, question and special tokens included. (default: 384, or all positions of the model)")
    )
    var maxLength: Int?

    @Option(help: "Tokens that two windows share. (default: 128, or a third of --max-length)")
    var docStride: Int?

    /// The options of a reader.
    func reader(
        _ options: ModelOptions, _ noAnswer: NoAnswerOptions, _ decoding: DecodingOptions
    ) -> ReaderOptions {
        var reader = ReaderOptions()
        (reader.maxLength, reader.docStride) = (maxLength, docStride)
        (reader.precision, reader.device) = (options.precision?.precision, options.device?.device)
        reader.skipsDeviceCheck = options.skipDeviceCheck
        reader.noAnswerThreshold = noAnswer.noAnswerThreshold
        reader.maxAnswerLength = decoding.longestAnswer
        return reader
    }
}
