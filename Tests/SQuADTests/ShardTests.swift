import Foundation
import Scratch
import SQuAD
import Testing

@Suite("Datasets in parts")
struct ShardTests {
    /// Paragraphs of very different lengths, some without questions, in several articles.
    private static let dataset: Dataset = {
        var number = 0
        let articles = (0..<7).map { article in
            Article(
                title: "\(article)",
                paragraphs: (0..<(3 * article)).map { paragraph in
                    let questions = (0..<((article + paragraph) % 4)).map { _ in
                        number += 1
                        return Question(id: QuestionID("q\(number)"), question: "Who is \(number)?", answers: [])
                    }
                    return Paragraph(
                        context: String(repeating: "Ada. ", count: 1 + (7 * paragraph) % 23), questions: questions)
                })
        }
        return Dataset(articles: articles)
    }()

    private func withFile(_ dataset: Dataset, _ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("data.json").path
            try dataset.write(to: path)
            try body(path)
        }
    }

    @Test("the stream has the paragraphs that the whole dataset has")
    func stream() throws {
        try withFile(Self.dataset) { path in
            var stream = try ParagraphStream(path: path)
            var paragraphs: [Paragraph] = []
            while let paragraph = try stream.next() { paragraphs.append(paragraph) }
            #expect(paragraphs == (try Dataset(path: path)).articles.flatMap(\.paragraphs))
            #expect(stream.articleCount == Self.dataset.articles.count)
            let extent = try DatasetExtent(path: path)
            #expect(extent.questions == Self.dataset.questionCount)
        }
    }

    @Test("each question is in exactly one shard, and whole paragraphs are together", arguments: [1, 2, 3, 5, 16, 200])
    func partition(_ count: Int) throws {
        try withFile(Self.dataset) { path in
            let extent = try DatasetExtent(path: path)
            let ranges = try (1...count).map { number in
                try #require(DatasetShard("\(number)/\(count)")).questions(of: path, extent: extent)
            }
            #expect(ranges.flatMap { Array($0) } == Array(0..<extent.questions))
            var starts: Set = [0]
            for paragraph in Self.dataset.articles.flatMap(\.paragraphs) {
                starts.insert((starts.max() ?? 0) + paragraph.questions.count)
            }
            #expect(ranges.allSatisfy { starts.contains($0.lowerBound) && starts.contains($0.upperBound) })
        }
    }

    @Test("no shard has more than its share of the work and one paragraph")
    func balance() throws {
        try withFile(Self.dataset) { path in
            let extent = try DatasetExtent(path: path)
            let paragraphs = Self.dataset.articles.flatMap(\.paragraphs)
            let work = paragraphs.flatMap { paragraph in
                paragraph.questions.map { paragraph.context.utf8.count + $0.question.utf8.count }
            }
            let heaviest = paragraphs.map { text in
                text.questions.reduce(0) { $0 + text.context.utf8.count + $1.question.utf8.count }
            }.max()
            for number in 1...4 {
                let range = try #require(DatasetShard("\(number)/4")).questions(of: path, extent: extent)
                #expect(work[range].reduce(0, +) <= extent.work / 4 + (try #require(heaviest)))
            }
        }
    }

    @Test(
        "a shard is I/N with I from 1 to N",
        arguments: ["", "1", "/", "0/3", "4/3", "-1/3", "1/0", "a/b", "1/2/3", "1 / 2"])
    func notation(_ text: String) {
        #expect(DatasetShard(text) == nil)
    }

    @Test("what the end of a file lacks is told by the first walk", arguments: ["", "]}]", "]}] , \"data\": []}"])
    func broken(_ end: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("data.json").path
            let text =
                #"{"data": [{"paragraphs": [{"context": "c", "qas": [{"id": "1", "question": "q", "answers": []}]}"#
            try (text + end).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: DatasetError.self) { try DatasetExtent(path: path) }
            #expect(throws: DatasetError.self) { try Dataset(path: path) }
        }
    }
}
