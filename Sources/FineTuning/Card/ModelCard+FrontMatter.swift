import Console
import Files
import Yams

extension ModelCard {
    /// The front matter for the hub: YAML between two lines of hyphens.
    ///
    /// - Source: https://github.com/huggingface/hub-docs/blob/main/modelcard.md
    func frontMatter() throws(FileError) -> String {
        var members: [(Node, Node)] = [
            ("pipeline_tag", "question-answering"), ("library_name", "transformers"), ("tags", ["bertqa"]),
        ]
        if let base = record.baseModel { members.append(("base_model", Self.text(base))) }
        if let official = record.trainFile?.official {
            members += [("datasets", [Self.text(official.hubID)]), ("language", ["en"])]
        }
        if let result {
            members.append(("model-index", [Self.mapping([("name", Self.text(name)), ("results", [result])])]))
        }
        do {
            return "---\n\(try Yams.serialize(node: Node(members), width: -1))---\n"
        } catch {
            throw FileError(path: "README.md", message: "the front matter is not YAML: \(error)")
        }
    }

    /// The scores of the kept epoch.
    private var result: Node? {
        guard let best, let file = record.validationFile ?? record.trainFile else { return nil }
        var dataset: [(Node, Node)]
        if let official = file.official {
            dataset = [("type", Self.text(official.hubID)), ("name", Self.text(official.title))]
            dataset.append(("split", official.part == "dev" ? "validation" : "train"))
        } else {
            dataset = [("type", "custom"), ("name", Self.text(file.name))]
        }
        let scores = [("exact_match", "Exact match", best.exactMatch), ("f1", "F1", best.f1)]
        var metrics = scores.map { type, name, value in
            Self.mapping([("type", Self.text(type)), ("name", Self.text(name)), ("value", Self.number(value))])
        }
        if let error = best.calibrationError {
            metrics.append(
                Self.mapping([
                    ("type", Self.text("expected_calibration_error")),
                    ("name", Self.text("Expected calibration error (15 bins, exact match)")),
                    ("value", Self.number(error, digits: 4)),
                ]))
        }
        return Self.mapping([
            ("task", ["type": "question-answering", "name": "Question answering"]), ("dataset", Self.mapping(dataset)),
            ("metrics", Node(metrics)),
        ])
    }

    private static func mapping(_ members: [(Node, Node)]) -> Node { Node(members) }

    /// A YAML string, whatever the text looks like: a name may be `no`, `1.5`, or have quotes, colons and line breaks.
    private static func text(_ text: String) -> Node { Node(text, .implicit, .doubleQuoted) }

    private static func number(_ number: Double, digits: Int = 2) -> Node {
        Node(Figures.fixed(number, digits), .implicit, .plain)
    }
}
