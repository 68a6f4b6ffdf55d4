import ArgumentParser
import Console
import Files
import SQuAD
import StrictJSON

/// `bertqa convert`
struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a dataset as a SQuAD file, and repair it.",
        discussion: """
            Reads every format that the other commands read: a SQuAD document; paragraphs or rows with "context", \
            "question" and "answers" as JSON, one per line or in a list; the orientations of pandas; a table (CSV, or \
            with tabs or semicolons) whose first line names the columns context, question, answer and answer_start, \
            or answers as the datasets library writes it. Any of them may be compressed with gzip, and come from a \
            file, a named pipe or, as -, standard input.

            With --repair, offsets that count UTF-16 units, bytes, or CR LF as one are converted. Any other answer \
            that is not at its offset is moved to the place that has its words; if there are several such places, it \
            is moved to the first and reported as ambiguous. If only capitals, Unicode normalisation, white space, \
            quotes, dashes or invisible characters differ, it takes the spelling of the text. Whatever cannot be used \
            is left out. Each change is reported with its question's id, and `bertqa check` finds no problems in the \
            result.

              bertqa convert --data questions.csv --output questions.json
              bertqa convert --data questions.csv --output questions.json --repair
              bertqa convert --data questions.csv --output - | gzip > questions.json.gz
            """)

    @Option(help: "The dataset; squad or squad_v2 for the official one, its training part.", completion: .file())
    var data: String

    @Option(help: "The SQuAD file to write, or - for standard output.", completion: .file())
    var output: String

    @Flag(help: "Move answers to their places in the texts, and leave out what cannot be used.")
    var repair = false

    @Flag(help: "Print what was done as one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("convert") {
            let path = try await DatasetSource.path(data, .train)
            let summary = try convert(path)
            summary.extent.tell(repairing: repair)
            let report = ConvertReport(output: output, summary: summary)
            let text = json ? report.json.serialized() : report.text
            // The dataset alone goes through a pipe.
            if OutputStreams.isStandardOutput(output) {
                StandardError.write(text + "\n")
            } else {
                try writeOutput(text)
            }
        }
    }

    private func convert(_ path: String) throws -> DatasetConversion.Summary {
        var meter: WalkMeter?
        defer { meter?.finish() }
        return try DatasetConversion.convert(path, to: output, repairing: repair) { read, total in
            if meter == nil { meter = WalkMeter(of: total) }
            meter?.show(read)
        }
    }
}

/// What `bertqa convert` did.
private struct ConvertReport {
    let output: String
    let summary: DatasetConversion.Summary

    var text: String {
        var lines = summary.changes.map(\.description)
        lines.append(
            "\(output): \(Figures.count(summary.articles, "article")), "
                + "\(Figures.count(summary.paragraphs, "paragraph")), "
                + Figures.count(summary.questions, "question"))
        let counts = counts.map { "\($0.1) \($0.0.rawValue)" }
        if !counts.isEmpty { lines.append("repaired: \(counts.joined(separator: ", "))") }
        if !summary.problems.isEmpty {
            lines.append(
                "\(Figures.count(summary.problems.count, "problem")); `bertqa check --data \(output)` lists them, "
                    + "--repair repairs what can be repaired and leaves out the rest")
        }
        return lines.joined(separator: "\n")
    }

    /// How often each sort of change was made, if it was.
    private var counts: [(DatasetRepair.Change.Kind, Int)] {
        DatasetRepair.Change.Kind.allCases.map { kind in (kind, summary.changes.count { $0.kind == kind }) }
            .filter { $0.1 > 0 }
    }

    var json: JSONValue {
        let changes = summary.changes.map {
            JSONValue.remark($0.questionID, kind: $0.kind.rawValue, message: $0.message)
        }
        return [
            "output": .string(output), "questions": .int(summary.questions), "paragraphs": .int(summary.paragraphs),
            "articles": .int(summary.articles), "problems": .int(summary.problems.count), "changes": .array(changes),
            "offset_unit": .string(summary.extent.unit.name),
        ]
    }
}
