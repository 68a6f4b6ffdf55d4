import BERT
import Files
import QuestionAnswering
import SQuAD
import StrictJSON

/// The threshold above which a question is left unanswered, as training finds it and models store it.
package enum NoAnswerThreshold {
    /// Writes the threshold into the `config.json` of a model's folder, which appears whole or not at all.
    ///
    /// - Throws: `CheckpointError` or `FileError` that names the file.
    package static func store(_ threshold: Double, in directory: String) throws {
        var config = try EncoderConfig(directory: directory)
        config.noAnswerThreshold = threshold
        // In the cache of a hub the file is a link to what others share.
        try DurableFiles.write(
            config.json().serialized(pretty: true) + "\n", to: "\(directory)/config.json", replacesLink: true)
    }
}
