import FineTuning
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON
import Testing
import Workshop

@Suite("Training on several files", .serialized)
struct TrainingMixTests {
    @Test("a file is written with its settings behind commas; a comma of a path is the path's")
    func written() throws {
        var expected = TrainingSource("a,b.json")
        #expect(try TrainingSource(written: "a,b.json") == expected)
        (expected.weight, expected.cap, expected.answers) = (0.5, 20, .anywhere)
        #expect(try TrainingSource(written: "a,b.json,answers=anywhere,cap=20,weight=0.5") == expected)
        #expect(try TrainingSource(written: "weight=2").path == "weight=2")
        #expect(try TrainingSource(written: "a,weight=x/b.json").path == "a,weight=x/b.json")
        for wrong in [
            "a,weight=0", "a,weight=x", "a,weight=nan", "a,cap=0", "a,cap=1.5", "a,answers=none",
            "a,weight=1,weight=2", "a,cap=", "a,weight=1001",
        ] {
            let error = #expect(throws: TrainingError.self) { try TrainingSource(written: wrong) }
            #expect(error?.description.contains("`train_file` \(wrong)") == true)
        }
    }

    private func ids(_ data: TrainingData, epoch: Int, seed: UInt64 = 42) -> [Int] {
        data.mix.order(seed: seed, epoch: epoch).map { data.training.features[$0].example }
    }

    @Test("each file is seen as often as its weight says, and a half in one epoch is another half in the next")
    func weights() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.trainFiles = [options.trainFile, options.trainFile].map { TrainingSource($0) }
            (options.trainFiles[0].weight, options.trainFiles[1].weight) = (2, 0.5)
            let data = try TrainingData(options: options, tokenizer: shop.tokenizer)
            #expect(data.training.features.count == 24)
            #expect(data.mix.rowsPerEpoch == 30)
            let epochs = (0..<2).map { ids(data, epoch: $0) }
            for epoch in epochs {
                for example in 0..<12 { #expect(epoch.count { $0 == example } == 2) }
            }
            #expect((epochs[0] + epochs[1]).filter { $0 >= 12 }.sorted() == Array(12..<24))
            #expect(epochs[0] != epochs[1])
            #expect(epochs[0] == ids(data, epoch: 0))
        }
    }

    @Test("a cap draws so many questions by the seed")
    func caps() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.trainFiles[0].cap = 5
            func questions() throws -> [[Int32]] {
                try TrainingData(options: options, tokenizer: shop.tokenizer).training.features.map(\.question)
            }
            let first = try questions()
            #expect(first.count == 5)
            #expect(try questions() == first)
            options.seed = 7
            #expect(try questions() != first)
            options.trainFiles[0].cap = 99
            #expect(try questions().count == 12)
        }
    }

    @Test("a run over a mixture, stopped after every step and resumed, ends with the same bits")
    func resume() throws {
        try withWorkshop { shop in
            try shop.expectExactResume { name in
                var options = shop.options(name)
                let file = options.trainFile
                options.trainFiles = [TrainingSource(file), TrainingSource(file)]
                (options.trainFiles[0].weight, options.trainFiles[1].cap) = (0.75, 7)
                options.trainFiles[1].answers = .anywhere
                return options
            }
        }
    }

    @Test("a run is resumed only with the same files, weights and caps, and says which differs")
    func otherFiles() throws {
        try withWorkshop { shop in
            var options = shop.options("run")
            options.trainFiles[0].weight = 2
            _ = try Trainer.train(options)
            options.resume = true
            options.trainFiles[0].weight = 1
            let other = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(other?.description.contains("was used as FILE,weight=2.0") == true)
            options.trainFiles.append(TrainingSource(options.trainFile))
            let more = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(more?.description.contains("started with 1 file of `train_file`, not 2") == true)
        }
    }

    /// The answer's words stand twice in the text, and the file has no offset for them.
    @Test("distant answers are labels wherever the text has their words; all listed ones where the file has places")
    func answers() throws {
        try withWorkshop { shop in
            let text = "ada lives in rome. bob lives in rome."
            let path = "\(shop.path)/distant.json"
            func features(_ answers: [AnswerSpan], _ choice: TrainingSource.Answers) throws -> [Feature] {
                let question = Question(id: "1", question: "where does bob live?", answers: answers)
                let paragraph = Paragraph(context: text, questions: [question])
                try Dataset(articles: [Article(title: "", paragraphs: [paragraph])]).write(to: path)
                var options = shop.options("run")
                options.trainFile = path
                options.trainFiles[0].answers = choice
                return try TrainingData(options: options, tokenizer: shop.tokenizer).training.features
            }
            let unknown = [AnswerSpan(text: "rome", start: -1)]
            #expect(throws: TrainingError.self) { try features(unknown, .all) }
            let places = try #require(try features(unknown, .anywhere).first).spans
            #expect(places.count == 2)
            let listed = [AnswerSpan(text: "rome", start: 13), AnswerSpan(text: "in rome", start: 29)]
            #expect(try features(listed, .first).first?.spans == [places[0]])
            let both = try #require(try features(listed, .all).first).spans
            #expect(both[0] == places[0])
            #expect(both[1] == (places[1].lowerBound - 1)...places[1].upperBound)
        }
    }
}
