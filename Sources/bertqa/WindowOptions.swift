import ArgumentParser
import QuestionAnswering

/// How a text of any length is read in windows.
struct WindowOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The most tokens of one window, question and special tokens included. (default: 384, or the model's "
                + "positions if fewer)")
    )
    var maxLength: Int?

    @Option(help: "Tokens that two windows share. (default: 128, or a third of --max-length)")
    var docStride: Int?

    /// The options of a reader.
    func reader(
        _ options: ModelOptions, _ noAnswer: NoAnswerOptions, _ decoding: DecodingOptions
    ) -> ReaderOptions {
        ReaderOptions(maxLength: maxLength, docStride: docStride, options, noAnswer, decoding)
    }
}

extension ReaderOptions {
    /// The command line's options for a reader.
    init(
        maxLength: Int?, docStride: Int?, _ options: ModelOptions, _ noAnswer: NoAnswerOptions,
        _ decoding: DecodingOptions
    ) {
        self.init()
        (self.maxLength, self.docStride) = (maxLength, docStride)
        (precision, device) = (options.precision?.precision, options.device?.device)
        skipsDeviceCheck = options.skipDeviceCheck
        (noAnswerThreshold, minScore) = (noAnswer.noAnswerThreshold, noAnswer.minScore)
        maxAnswerLength = decoding.longestAnswer
    }
}
