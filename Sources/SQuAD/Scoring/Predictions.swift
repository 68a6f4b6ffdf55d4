import StrictJSON

/// Predicted answers by question id: what `{"id": "answer text"}` files hold.
public struct Predictions: Sendable, Hashable {
    /// The answer texts by question id.
    public var answers: [QuestionID: String]

    /// Predictions made in memory.
    public init(_ answers: [QuestionID: String]) {
        self.answers = answers
    }

    /// Reads a prediction file.
    ///
    /// - Throws: `DatasetError` for a file that cannot be read or is not an object of strings.
    public init(path: String) throws(DatasetError) {
        let object = try QuestionFile.read(
            path, content: "a prediction file is an object {\"question id\": \"answer text\"}")
        var answers: [QuestionID: String] = [:]
        for (id, answer) in object {
            guard let text = answer.string else {
                throw DatasetError(path: path, message: "the prediction for question \(id) is not a string")
            }
            answers[QuestionID(id)] = text
        }
        self.answers = answers
    }

    /// Writes a prediction file, in the order of the ids, that appears whole or not at all.
    ///
    /// - Throws: `DatasetError` with the system's reason.
    public func write(to path: String) throws(DatasetError) {
        let object = JSONObject(answers.map { ($0.key.text, .string($0.value)) })
        try QuestionFile.write(object, to: path, sortedKeys: true)
    }
}
