import Console
import Files
import Foundation
import StrictJSON

/// The model card of a run, `README.md`: what the model is, how good it is, how it was trained and how to use it. It is
/// made from the run's own record.
package struct ModelCard {
    /// The repository's id, or the folder's name.
    let name: String
    let record: RunRecord
    let statistics: TrainingStatistics
    /// Whether there is a chart of the learning curve.
    private let hasCurve: Bool

    /// The card of a run's directory; nil for a folder without the record of a run.
    ///
    /// - Parameter name: the name by which users load the model; nil takes the folder's.
    /// - Throws: `FileError` for a record that cannot be read.
    package init?(directory: String, name: String? = nil) throws(FileError) {
        guard let record = try RunRecord(directory: directory) else { return nil }
        self.name = name ?? RunRecord.lastComponent(directory)
        self.record = record
        statistics = try TrainingStatistics(directory: directory)
        hasCurve = FileManager.default.fileExists(atPath: "\(directory)/learning_curve.png")
    }

    /// Writes the card into a run's directory. A README.md that somebody else wrote, or changed, stays as it is; so
    /// does a folder without the record of a run.
    ///
    /// - Throws: `FileError` for a record that cannot be read, or a folder that cannot be written to.
    package static func update(in directory: String, name: String? = nil) throws(FileError) {
        let path = "\(directory)/README.md"
        let old: String?
        switch try FileKind(path: path) {
        case .missing: old = nil
        case .file:
            old = try MappedFile(path: path, allowsPointers: true).withBytes { String(decoding: $0, as: UTF8.self) }
        default: return
        }
        if let old, !CardSignature.isWhole(old) { return }
        guard let card = try ModelCard(directory: directory, name: name) else { return }
        let new = CardSignature.signed(try card.text())
        if new != old { try DurableFiles.write(new, to: path) }
    }

    /// The card in Markdown, with its front matter.
    ///
    /// - Throws: `FileError` for front matter that cannot be written as YAML.
    package func text() throws(FileError) -> String {
        let parts = [scores, usage, training, limits]
        return try frontMatter() + "\n# \(Markdown.plain(name))\n\n" + parts.joined(separator: "\n\n") + "\n"
    }

    /// The epoch whose model was kept, where it was validated.
    var best: EpochStatistics.Validation? { statistics.bestEpoch.flatMap { statistics.epochs[$0 - 1].validation } }

    /// What the model was validated on, for people; nil if it was not.
    var validationName: String? {
        guard best != nil else { return nil }
        if let file = record.validationFile { return Markdown.code(file.name) }
        let share = record.options["validation_fraction"]?.double ?? 0
        let unit = record.options["split_by"]?.string == "article" ? "articles" : "questions"
        return "\(Figures.fixed(100 * share, 1)) % of the \(unit) of \(record.trainNames), "
            + "which were not trained on"
    }
}

// MARK: - The sections

extension ModelCard {
    private var scores: String {
        var text =
            "\(Markdown.code(name)) answers questions about a text with words of that text. It is "
            + "\(Markdown.code(record.baseName)), fine-tuned on \(record.trainNames) with "
            + "BertQA \(Markdown.plain(record.environment["bertqa"]?.string ?? ""))."
        if let best, let name = validationName, let number = statistics.bestEpoch {
            text +=
                " On \(name), it has an exact match of **\(Figures.fixed(best.exactMatch, 2))** and an F1 of "
                + "**\(Figures.fixed(best.f1, 2))** (official SQuAD scores, epoch \(number))."
            if let contents = record.validationFile?.sha256, contents == record.trainFile?.sha256 {
                text += " It was trained on the same questions: scores on others are lower."
            }
        }
        text += "\n\n" + epochTable
        return hasCurve ? text + "\n\n![Losses and scores after each epoch](learning_curve.png)" : text
    }

    private var epochTable: String {
        let hasValidation = statistics.epochs.contains { $0.validation != nil }
        let rows = statistics.epochs.enumerated().map { index, epoch in
            var row = [
                index + 1 == statistics.bestEpoch ? "**\(index + 1)** (kept)" : "\(index + 1)", "\(epoch.steps)",
                Figures.fixed(epoch.trainingLoss, 4),
            ]
            if let validation = epoch.validation {
                row += [
                    Figures.fixed(validation.loss, 4), Figures.fixed(validation.exactMatch, 2),
                    Figures.fixed(validation.f1, 2),
                ]
            } else if hasValidation {
                row += ["", "", ""]
            }
            return row
        }
        return Markdown.table(
            ["epoch", "steps", "training loss"] + (hasValidation ? ["validation loss", "exact match", "F1"] : []), rows)
    }

    private var usage: String {
        """
        ## Use it

        With transformers:

        ```python
        import torch
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(\(Markdown.python(name)))
        model = AutoModelForQuestionAnswering.from_pretrained(\(Markdown.python(name)))
        question, text = "When did the tower open?", "The tower opened in 1889."
        inputs = tokenizer(question, text, truncation="only_second", return_offsets_mapping=True, return_tensors="pt")
        offsets = inputs.pop("offset_mapping")[0].tolist()
        with torch.no_grad():
            output = model(**inputs)
        in_text = torch.tensor([sequence == 1 for sequence in inputs.sequence_ids(0)])
        scores = output.start_logits[0][:, None] + output.end_logits[0][None, :]
        allowed = torch.triu(in_text[:, None] & in_text[None, :])
        start, end = divmod(scores.masked_fill(~allowed, -torch.inf).argmax().item(), len(offsets))
        print(text[offsets[start][0] : offsets[end][1]])
        ```

        With BertQA, on a command line or over HTTP:

        ```sh
        bertqa ask --model \(Markdown.shell(name)) --context-file text.txt --question "When did the tower open?"
        bertqa serve --model \(Markdown.shell(name))
        ```
        """
    }

    private var training: String {
        let names = [
            "max_length", "truncation", "doc_stride", "epochs", "max_steps", "batch_size",
            "gradient_accumulation_steps", "learning_rate", "lr_scheduler", "layerwise_decay", "freeze_layers",
            "label_smoothing", "average", "warmup_ratio", "weight_decay", "max_grad_norm", "seed",
            "precision",
        ]
        var rows = names.compactMap { name -> [String]? in
            guard let value = record.options[name], value != .null else { return nil }
            return [name, Markdown.code(value.string ?? value.serialized())]
        }
        for (name, title) in [("device", "device"), ("processes", "processes"), ("libtorch", "libtorch")] {
            guard let value = record.environment[name] else { continue }
            rows.append([title, Markdown.code(value.string ?? value.serialized())])
        }
        return "## How it was trained\n\n" + Markdown.table(["option", "value"], rows)
    }

    private var limits: String {
        let file = record.trainNames
        var lines = [
            "It learned from \(file) only. How good it is on other texts and questions was not measured; "
                + "score it on your own data.",
            !record.trainFiles.contains { $0.official != nil }
                ? "It answers in the languages that both \(Markdown.code(record.baseName)) and \(file) have."
                : "It answers questions in English.",
            "An answer is one continuous part of the text: the model neither counts, nor combines several places, "
                + "nor knows what the text does not say.",
        ]
        if let length = record.options["max_length"]?.int {
            let isWindowed = record.options["truncation"]?.string == "windows"
            let overlap = record.options["doc_stride"]?.int.map { " that share \($0) tokens" } ?? ""
            lines.append(
                "It reads \(length) tokens at a time, question included. "
                    + (isWindowed
                        ? "BertQA reads longer texts in windows\(overlap)." : "It was trained on texts cut there."))
        }
        lines.append(
            record.noAnswerThreshold.map {
                "It may report that a text has no answer, if the probability of that is above \(Figures.fixed($0, 4)), "
                    + "the threshold with the best F1 in validation."
            } ?? "No threshold for questions without an answer was measured: it always gives an answer, with a score.")
        if let error = best?.calibrationError {
            lines.append(
                "In BertQA its score is the probability that an answer is right, by a calibration in `config.json` "
                    + "that was fitted on the validation questions (expected calibration error on held-out articles: "
                    + "\(Figures.fixed(error, 4))). transformers computes other scores.")
        }
        return "## Limits\n\n" + lines.map { "- \($0)" }.joined(separator: "\n")
    }
}
