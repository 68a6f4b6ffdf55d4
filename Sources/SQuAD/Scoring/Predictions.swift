import StrictJSON

/// Predicted answers by question id: what `{"id": "answer text"}` files hold.
public struct Predictions: Sendable, Hashable {
    /// The answer texts by question id.
    public var answers: [QuestionID: String]

    /// Predictions made in memory.
    public init(_ answers: [QuestionID: String]) {
        self.answers = answers
    }

    /// Reads a prediction file: an object of answers by question id, a list or lines of objects with `id` and
    /// `prediction_text`, or a table with these columns.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read or has none of these forms.
    public init(path: String) throws(DatasetError) {
        answers = try AnswerFile(path: path).answers
    }

    /// Writes a prediction file, in the order of the ids, that appears whole or not at all.
    ///
    /// - Throws: `DatasetError` with the system's reason.
    public func write(to path: String) throws(DatasetError) {
        let object = JSONObject(answers.map { ($0.key.text, .string($0.value)) })
        try QuestionFile.write(object, to: path, sortedKeys: true)
    }
}
