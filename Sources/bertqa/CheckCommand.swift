import ArgumentParser
import Console
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find problems in a dataset.",
        discussion: """
            Lists every problem with its question's id: answers that are not at their offset (and where they are), \
            offsets \
            outside the text, ids that occur twice, questions and texts that are empty. The exit code is 65 if there \
            are any. \
            Offsets that count UTF-16 units or bytes in the whole file are recognised. With --model it also compares \
            two ways to find the tokens of an answer, by offsets and by masks, and reports where \
            they differ; such a difference is not a problem of the dataset.

              bertqa check --data questions.json
              bertqa check --data questions.json --model bert
            """)

    @Option(
        help: "The dataset to check; squad or squad_v2 for the official one, its training part.", completion: .file())
    var data: String

    @Option(
        help: "A model, its folder or its id on the hub: also compare how its tokens cover the answers.",
        completion: .directory)
    var model: String?

    @Flag(help: "Print the findings as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("check") {
            let path = try await DatasetSource.path(data, .train)
            let alignment = try await alignment()
            let report = try CheckReport(path: path, alignment: alignment)
            try writeOutput(json ? report.json.serialized() : report.text)
            if !report.findings.problems.isEmpty { throw ExitCode(ExitStatus.data.rawValue) }
        }
    }

    private func alignment() async throws -> MaskAlignment? {
        guard let model else { return nil }
        return MaskAlignment(tokenizer: try ModelSource.tokenizer(of: try await ModelSource.folder(model)))
    }
}

/// What `bertqa check` found in a file.
private struct CheckReport {
    let path: String
    let articles: Int
    let extent: DatasetExtent
    let findings: DatasetFindings
    /// nil if nothing was compared.
    let differences: [AlignmentDifference]?

    /// Reads a file a paragraph at a time.
    ///
    /// - Parameter alignment: what to compare answers by masks with; nil compares none.
    init(path: String, alignment: MaskAlignment?) throws {
        let extent = try DatasetExtent(path: path)
        extent.tell()
        var findings = DatasetFindings(unit: extent.unit, isUnlabelled: extent.isUnlabelled)
        var differences = alignment.map { _ in [AlignmentDifference]() }
        var stream = try ParagraphStream(path: path)
        var meter = WalkMeter(of: stream.byteCount)
        defer { meter.finish() }
        while let paragraph = try stream.next() {
            if let alignment {
                differences? += alignment.differences(paragraph.examples(paragraph: findings.paragraphs))
            }
            findings.add(paragraph)
            meter.show(stream.bytesRead)
        }
        (self.path, self.extent) = (path, extent)
        (articles, self.findings, self.differences) = (stream.articleCount, findings, differences)
    }

    var text: String {
        let problems = findings.problems
        var lines = [
            "\(Figures.count(articles, "article")), \(Figures.count(findings.paragraphs, "paragraph")), "
                + Figures.count(findings.questions, "question")
        ]
        if extent.isUnlabelled { lines.append("no question is labelled; the file can be used for prediction") }
        lines += problems.map { "\($0.kind.rawValue): \($0)" }
        lines.append(
            problems.isEmpty
                ? "no problems found"
                : "\(Figures.count(problems.count, "problem")); `bertqa convert --data \(path) --output FILE "
                    + "--repair` repairs what can be repaired and leaves out the rest")
        if let differences {
            lines += differences.map { difference in
                "\(difference.questionID): \(difference.reason): by offsets "
                    + "\(difference.byOffsets.joined(separator: " ")), "
                    + "by masks \(difference.byMask.joined(separator: " "))"
            }
            lines.append("offsets and masks give different tokens for \(Figures.count(differences.count, "answer"))")
        }
        return lines.joined(separator: "\n")
    }

    var json: JSONValue {
        let list = findings.problems.map {
            JSONValue.remark($0.questionID, kind: $0.kind.rawValue, message: $0.message)
        }
        var members: [(String, JSONValue)] = [
            ("questions", .int(findings.questions)), ("paragraphs", .int(findings.paragraphs)),
            ("articles", .int(articles)), ("problems", .array(list)), ("offset_unit", .string(extent.unit.name)),
            ("questions_without_id", .int(extent.namelessQuestions)),
            ("questions_without_label", .int(extent.questions - extent.labelledQuestions)),
        ]
        if let differences { members.append(("alignment_differences", .array(differences.map(json)))) }
        return .object(JSONObject(members))
    }

    private func json(_ difference: AlignmentDifference) -> JSONValue {
        [
            "id": .string(difference.questionID.text), "reason": .string(difference.reason),
            "by_offsets": .array(difference.byOffsets.map(JSONValue.string)),
            "by_mask": .array(difference.byMask.map(JSONValue.string)),
        ]
    }
}
