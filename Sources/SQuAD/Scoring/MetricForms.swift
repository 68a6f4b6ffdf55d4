import Files
import StrictJSON

/// What the metrics `squad` and `squad_v2` of the `evaluate` library take: a list of predictions and one of references.
///
/// - Source: the features of https://huggingface.co/spaces/evaluate-metric/squad and squad_v2
package enum MetricForms {
    /// The predictions of a dataset's questions, in its order: `squad_v2`'s with probabilities where the dataset says
    /// of its questions whether they have an answer, else `squad`'s. A question without a prediction is left out.
    ///
    /// - Parameter noAnswer: the no-answer probability of each question; 0 if unknown.
    package static func predictions(
        _ predictions: [QuestionID: String], of dataset: Dataset, noAnswer: NoAnswerProbabilities?
    ) -> JSONValue {
        let isVersion2 = dataset.isVersion2
        let odds = Dictionary((noAnswer?.entries ?? []).map { ($0.id, $0.probability) }) { $1 }
        return .array(
            keyed(dataset).compactMap { key, question in
                guard let text = predictions[key] ?? predictions[question.id] else { return nil }
                let probability = [(AnswerFormat.probability, JSONValue.double(odds[key] ?? odds[question.id] ?? 0))]
                return .object(
                    JSONObject(
                        [(AnswerFormat.id, .string(key.text)), (AnswerFormat.text, .string(text))]
                            + (isVersion2 ? probability : [])))
            })
    }

    /// The acceptable answers to a dataset's questions, in its order. The lists of a question without an answer are
    /// empty.
    package static func references(of dataset: Dataset) -> JSONValue {
        .array(
            keyed(dataset).map { key, question in
                [
                    AnswerFormat.id: .string(key.text),
                    "answers": [
                        "text": .array(question.answers.map { .string($0.text) }),
                        "answer_start": .array(question.answers.map { .int($0.start) }),
                    ],
                ]
            })
    }

    /// The questions in the order of the file, under keys that none shares.
    private static func keyed(_ dataset: Dataset) -> [(QuestionID, Question)] {
        var keys = QuestionKeys(dataset)
        return dataset.articles.flatMap { $0.paragraphs.flatMap { $0.questions.map { (keys.next($0.id), $0) } } }
    }
}

extension Dataset {
    /// Reads what answers are scored against: a dataset in any of its forms, or a list or lines of references `{"id",
    /// "answers"}`, as metrics take them. The texts and questions of references are empty.
    ///
    /// - Throws: `DatasetError` as `init(path:)` does.
    package init(scoring path: String) throws(DatasetError) {
        let file = try DatasetFile.map(path)
        let references = try file.withBytes { bytes throws(DatasetError) in
            try Self.references(bytes, DatasetFile.name(path))
        }
        if let references { self = references } else { try self.init(path: path) }
    }

    /// The references of a file; nil if its first object is none.
    private static func references(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(DatasetError) -> Dataset? {
        do {
            var reader = JSONReader(bytes)
            guard let kind = try? reader.peek(), kind == .array || kind == .object else { return nil }
            if kind == .array {
                try reader.beginArray()
                guard try reader.nextElement(first: true) else { return nil }
            }
            guard isReference(reader) else { return nil }
            var (questions, goesOn) = ([Question](), true)
            while goesOn {
                questions.append(try reference(&reader, number: questions.count + 1))
                goesOn = kind == .array ? try reader.nextElement(first: false) : !reader.isAtEnd()
            }
            if kind == .array { try reader.end() }
            return Dataset(
                version: nil, articles: [Article(title: "", paragraphs: [Paragraph(context: "", questions: questions)])]
            )
        } catch {
            throw DatasetError(path: path, message: "\(error)")
        }
    }

    /// Whether the object that comes next has answers, but neither a text nor a question that they could belong to.
    private static func isReference(_ reader: JSONReader) -> Bool {
        let fields = Set(FormAdvice.names(at: reader).compactMap { RecordField.named($0)?.field })
        return fields.contains(.id) && fields.contains(.answers)
            && fields.isDisjoint(with: [.context, .question, .questions, .paragraphs, .data, .text])
    }

    private static func reference(_ reader: inout JSONReader, number: Int) throws(JSONError) -> Question {
        let start = reader
        let value = try reader.value()
        do throws(RecordError) {
            var fields = RecordFields()
            for (key, value) in value.object ?? JSONObject([]) {
                guard let (field, rank) = RecordField.named(key) else { continue }
                try fields.add(field, rank: rank, value, name: key)
            }
            guard let id = try fields.id(), fields.has(.answers) else {
                throw RecordError(message: "expected an object with \"id\" and \"answers\"")
            }
            return try fields.question(id: id, text: "")
        } catch {
            throw start.error("reference \(number): \(error.message)")
        }
    }
}
