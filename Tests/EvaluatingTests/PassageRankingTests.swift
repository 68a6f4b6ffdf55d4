import Foundation
import QuestionAnswering
import Testing
import Workshop

@Suite("Ranking the answers of passages")
struct PassageRankingTests {
    /// A question about two passages, read.
    private func read(
        _ shop: Workshop, _ options: AnswerOptions
    ) async throws -> (reader: Reader, questions: [PreparedQuestion], readings: [[RowReading]]) {
        var reading = ReaderOptions()
        (reading.precision, reading.device, reading.maxLength) = (.fp32, .cpu, 32)
        let reader = try await Reader.load("\(shop.path)/model", options: reading)
        let questions = try ["ada lives in the town of rome.", "bob lives in the town of oslo."].map { text in
            try reader.prepare("where does ada live?", about: reader.prepare(text), options: options)
        }
        return (reader, questions, try await reader.readings(of: questions))
    }

    @Test("the passage that search prefers wins where its weight is great, and scores are shares of one whole")
    func bonus() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        var options = AnswerOptions()
        options.count = 500
        let (reader, questions, readings) = try await read(shop, options)
        let none = PassageFit(bm25: 0, cosine: nil)
        for wanted in [0, 1] {
            for (fit, ranking) in [
                (PassageFit(bm25: 9, cosine: nil), PassageRanking(bm25: 100, cosine: 0, noAnswer: 0)),
                (PassageFit(bm25: 0, cosine: 1), PassageRanking(bm25: 0, cosine: 900, noAnswer: 0)),
            ] {
                let fits = wanted == 0 ? [fit, none] : [none, fit]
                let answers = reader.answers(to: questions, from: readings, fits: fits, ranking: ranking)
                #expect(answers.first?.passage == wanted)
                #expect(answers.map(\.answer.score) == answers.map(\.answer.score).sorted(by: >))
                #expect(answers.reduce(0) { $0 + $1.answer.score } < 1.0001)
            }
        }
    }

    @Test("without weights, places are ranked by their logits, as windows of one text are")
    func plain() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        var options = AnswerOptions()
        options.count = 40
        let (reader, questions, readings) = try await read(shop, options)
        let fits = [PassageFit(bm25: 3, cosine: 0.5), PassageFit(bm25: 9, cosine: 0.1)]
        let ranked = reader.answers(
            to: questions, from: readings, fits: fits, ranking: PassageRanking(bm25: 0, cosine: 0, noAnswer: 0))
        let windows = reader.answers(to: questions, from: readings)
        #expect(ranked.map(\.passage) == windows.map(\.passage))
        #expect(ranked.map(\.answer.utf8Range) == windows.map(\.answer.utf8Range))
    }

    @Test("a model stores its ranking, and keeps everything else of its configuration")
    func stored() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let folder = "\(shop.path)/model"
        #expect(try await Reader.load(folder).ranking == .standard)
        for ranking in [
            PassageRanking(bm25: 0.25, cosine: 12.5, noAnswer: -0.5), PassageRanking(bm25: 1, cosine: 2, noAnswer: 3),
        ] {
            try ranking.store(in: folder)
            #expect(try await Reader.load(folder).ranking == ranking)
        }
    }

    @Test("an encoder gives every text a vector of length 1, whatever texts are beside it")
    func encoder() async throws {
        let shop = try Workshop()
        defer { try? FileManager.default.removeItem(atPath: shop.path) }
        let encoder = try await TextEncoder.load("\(shop.path)/model", precision: .fp32, device: .cpu)
        let texts = ["ada lives in rome.", "bob", String(repeating: "the town of lima ", count: 400), ""]
        let together = try await encoder.vectors(of: texts)
        for (text, vector) in zip(texts, together) {
            #expect(vector.count == encoder.width)
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
            let alone = try await encoder.vector(of: text)
            #expect(zip(vector, alone).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(together[0] != together[1])
        let description = try TextEncoder.description(of: "\(shop.path)/model")
        #expect(description.identity == encoder.identity && description.width == encoder.width)
        try PassageRanking.standard.store(in: "\(shop.path)/model")
        #expect(try TextEncoder.description(of: "\(shop.path)/model").identity == encoder.identity)
    }
}
