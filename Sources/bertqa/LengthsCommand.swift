import ArgumentParser
import BERT
import Charts
import Console
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa lengths`
struct LengthsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lengths",
        abstract: "Show what each maximum length would cut from a dataset, and what it would cost.",
        discussion: """
            For each maximum length: the rows that would be cut, the questions that would lose an answer, and the cost \
            of an epoch \
            relative to that of uncut rows, once with the ends cut off and once with windows, which lose nothing.

              bertqa lengths --model bert --data train.json --max-lengths 128 256 384 --histogram lengths.svg
            """)

    @Option(
        help: "A model, its folder or its id on the hub: its tokenizer and its size are used.",
        completion: .directory)
    var model: String

    @Option(help: "The dataset; squad or squad_v2 for the official one, its training part.", completion: .file())
    var data: String

    @Option(
        parsing: .upToNextOption,
        help: "The maximum lengths to compare. (default: 128, 256, 300, 384, 512, up to the model's positions)")
    var maxLengths: [Int] = []

    @Option(help: "Draw a histogram of the lengths into this SVG file.", completion: .file())
    var histogram: String?

    @Flag(help: "Print the result as one JSON object.")
    var json = false

    func validate() throws {
        for length in maxLengths where length < 8 {
            throw ValidationError("--max-lengths \(length) leaves no room for a question and a text; use 8 or more")
        }
    }

    func run() async throws {
        try await reportingErrors("lengths") {
            let path = try await DatasetSource.path(data, .train)
            let folder = try await ModelSource.folder(model)
            let config = try EncoderConfig(directory: folder)
            var counter = LengthCounter(
                tokenizer: try ModelSource.tokenizer(of: folder), config: config, maxLengths: candidates(config))
            try count(path, into: &counter)
            let report = counter.report
            guard !report.lengths.isEmpty else { throw DatasetError.withoutQuestions(path) }
            if let histogram {
                let picture = LengthHistogram(lengths: report.lengths, marks: report.choices.map(\.maxLength)).svg()
                try writeFile(Data(picture.utf8), to: histogram)
            }
            try writeOutput(json ? report.json.serialized() : report.table)
        }
    }

    private func candidates(_ config: EncoderConfig) -> [Int] {
        guard maxLengths.isEmpty else { return maxLengths }
        let positions = config.longestRow
        return [128, 256, 300, 384].filter { $0 < positions } + [min(512, positions)]
    }

    private func count(_ path: String, into counter: inout LengthCounter) throws {
        var stream = try ExampleStream(path: path, ids: RepeatedIDs())
        var meter = WalkMeter(of: stream.byteCount)
        defer { meter.finish() }
        while let part = try stream.next() {
            counter.add(part.examples)
            meter.show(stream.bytesRead)
        }
    }
}

extension LengthReport {
    private static let shares = [50, 75, 90, 95, 99, 100]

    fileprivate var json: JSONValue {
        let percentiles = Self.shares.map { share in ("\(share)", JSONValue.int(percentile(Double(share) / 100))) }
        let list = choices.map { choice in
            JSONValue.object([
                "max_length": .int(choice.maxLength), "cut": .int(choice.cut),
                "cut_percent": .double(percent(choice.cut)), "answers_lost": .int(choice.answersLost),
                "answers_lost_percent": .double(percent(choice.answersLost)), "tokens": .int(choice.tokens),
                "relative_cost": .double(choice.cost), "window_rows": .int(choice.windowRows),
                "window_tokens": .int(choice.windowTokens), "window_relative_cost": .double(choice.windowCost),
            ])
        }
        return ["rows": .int(lengths.count), "percentiles": .object(JSONObject(percentiles)), "lengths": .array(list)]
    }

    fileprivate var table: String {
        let percentiles = Self.shares.map { "\($0) % \(percentile(Double($0) / 100))" }.joined(separator: ", ")
        let titles = ["max length", "rows cut", "", "answers lost", "", "cost, cut", "window rows", "cost, windows"]
        let rows = choices.map { choice in
            [
                "\(choice.maxLength)", "\(choice.cut)", "\(Figures.fixed(percent(choice.cut), 2)) %",
                "\(choice.answersLost)", "\(Figures.fixed(percent(choice.answersLost), 2)) %",
                "\(Figures.fixed(100 * choice.cost, 0)) %", "\(choice.windowRows)",
                "\(Figures.fixed(100 * choice.windowCost, 0)) %",
            ]
        }
        return """
            \(Figures.count(lengths.count, "row")); tokens of a row, by share of the rows: \(percentiles)
            \(TextTable(titles: titles, rows: rows).text)
            cost: the arithmetic of a pass relative to uncut rows; windows lose no answers
            """
    }

    private func percent(_ count: Int) -> Double { 100 * Double(count) / Double(max(1, lengths.count)) }
}
