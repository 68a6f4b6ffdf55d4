import BERT
import Checkpoints
import FineTuning
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON
import Testing
import Tokenizers
import Torch
import Workshop

@Suite("Learning from teachers", .serialized)
struct DistillationTests {
    /// A teacher that knows the answers, and the options of a student.
    private func teacher(_ shop: Workshop, _ name: String = "teacher", seed: UInt64 = 42) throws -> String {
        var options = shop.options(name)
        (options.epochs, options.learningRate, options.seed) = (100, 3e-3, seed)
        _ = try Trainer.train(options)
        return options.outputDirectory
    }

    private func agreement(_ shop: Workshop, _ models: [String]) throws -> [Double] {
        try models.map { folder in
            let loaded = try LoadedModel(directory: folder, use: .inference, precision: .fp32, device: .cpu)
            let data = try TrainingData(options: shop.options("x"), tokenizer: loaded.tokenizer)
            let predictor = Predictor(model: loaded.model, tokenizer: loaded.tokenizer, device: .cpu)
            return try predictor.predict(data.training.features, labelled: true).loss.loss
        }
    }

    /// The labels of the student's file are wrong, so that it can have the answers from its teacher alone.
    @Test("from its teacher alone a student learns what its labels do not say")
    func learns() throws {
        try withWorkshop { shop in
            let teacher = try teacher(shop)
            var wrong = try Dataset(path: shop.options("x").trainFile)
            for paragraph in wrong.articles[0].paragraphs.indices {
                for question in 0..<2 {
                    wrong.articles[0].paragraphs[paragraph].questions[question].answers = [
                        AnswerSpan(text: "town", start: wrong.townStart(paragraph))
                    ]
                }
            }
            try wrong.write(to: "\(shop.path)/wrong.json")
            var options = shop.options("student")
            options.trainFile = "\(shop.path)/wrong.json"
            (options.teachers, options.distillationWeight) = ([teacher], 1)
            (options.epochs, options.learningRate) = (100, 3e-3)
            _ = try Trainer.train(options)
            var alone = options
            (alone.outputDirectory, alone.teachers) = ("\(shop.path)/alone", [])
            _ = try Trainer.train(alone)
            let losses = try agreement(shop, [options.outputDirectory, alone.outputDirectory])
            #expect(losses[0] < 0.5 && losses[1] > 1, "\(losses)")
        }
    }

    @Test("teachers are asked once: a resumed run reads what is kept, and ends with the same bits")
    func resume() throws {
        try withWorkshop { shop in
            let teachers = try [teacher(shop, "one", seed: 1), teacher(shop, "two", seed: 2)]
            try shop.expectExactResume { name in
                var options = shop.options(name)
                (options.teachers, options.labelSmoothing) = (teachers, 0.1)
                return options
            }
            let kept = "\(shop.path)/broken/teacher/shares.safetensors"
            let shares = try #require(try SafetensorsFile(path: kept)["shares"]).tensor()
            let data = try TrainingData(options: shop.options("x"), tokenizer: shop.tokenizer)
            let lengths = data.training.features.map(\.length)
            #expect(shares.shape == [lengths.reduce(0, +), 2])
            let numbers: [Float] = try shares.slice(dim: 0, 0..<lengths[0]).array()
            for column in 0..<2 {
                let sum = stride(from: column, to: numbers.count, by: 2).reduce(0) { $0 + numbers[$1] }
                #expect(abs(sum - 1) < 1e-5)
            }
        }
    }

    @Test("a resumed run refuses other teachers, and mends what is damaged")
    func otherTeacher() throws {
        try withWorkshop { shop in
            let teacher = try teacher(shop)
            var options = shop.options("student")
            options.teachers = [teacher]
            _ = try Trainer.train(options)
            let weights = try shop.bytes("student/model.safetensors")
            let kept = URL(fileURLWithPath: "\(shop.path)/student/teacher/shares.safetensors")
            let whole = try Data(contentsOf: kept)
            try whole.dropLast(8).write(to: kept)
            try FileManager.default.removeItem(atPath: "\(shop.path)/student/checkpoints")
            options.resume = true
            _ = try Trainer.train(options)
            #expect(try Data(contentsOf: kept) == whole)
            #expect(try shop.bytes("student/model.safetensors") == weights)
            options.teachers = []
            let none = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(none?.description.contains("started with 1 of `teacher`, not 0") == true)
            options.teachers = ["\(shop.path)/model"]
            let other = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(other?.description.contains("is not the model that the run") == true)
            #expect(try Data(contentsOf: kept) == whole)
        }
    }

    @Test("a teacher with another tokenizer, or shorter rows, or none at all, is refused by name")
    func refused() throws {
        try withWorkshop { shop in
            var options = shop.options("student")
            options.teachers = ["\(shop.path)/nobody"]
            let missing = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(missing?.description.contains("nobody") == true)
            let other = "\(shop.path)/other"
            try FileManager.default.copyItem(atPath: "\(shop.path)/model", toPath: other)
            let vocabulary = shop.tokenizer.vocabulary
            let pieces = (0..<Int32(vocabulary.count)).compactMap { vocabulary[$0] }
            try Tokenizer(vocabulary: Vocabulary(Array(pieces.dropLast(2)) + pieces.suffix(2).reversed()))
                .save(to: other)
            options.teachers = [other]
            let error = #expect(throws: TrainingError.self) { try Trainer.train(options) }
            #expect(error?.description.contains("`teacher` \(other) has a different tokenizer") == true)
            #expect(!FileManager.default.fileExists(atPath: options.outputDirectory))
        }
    }
}

extension Dataset {
    /// Where "town" stands in a text of the workshop.
    fileprivate func townStart(_ paragraph: Int) -> Int {
        let text = articles[0].paragraphs[paragraph].context
        guard let range = text.range(of: "town") else { return -1 }
        return text.unicodeScalars.distance(from: text.startIndex, to: range.lowerBound)
    }
}
