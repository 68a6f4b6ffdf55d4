import BERT
import Charts
import Checkpoints
import FineTuning
import Foundation
import NIOCore
import QAServer
import SQuAD
import StrictJSON
import Tokenizers

/// One parser of the project as a function of bytes that may be anything.
///
/// `parse` returns whether the bytes were taken. What it checks of bytes that were taken (that they can be written and
/// read again, that ranges lie inside) traps: a fuzzer and the tests see that as they see a crash.
package struct FuzzedParser: Sendable {
    /// What it is called on the command line; also the folder of its corpus.
    package let name: String
    private let body: @Sendable (UnsafeRawBufferPointer, Scratch) throws -> Void

    /// Hands bytes to the parser.
    ///
    /// - Parameter scratch: a folder for files, where parsers read files.
    /// - Returns: whether they were taken, or refused by an error.
    package func parse(_ bytes: UnsafeRawBufferPointer, scratch: String) -> Bool {
        do {
            try body(bytes, Scratch(path: scratch))
            return true
        } catch {
            // An error says what is wrong: its text must be there whatever the input was.
            precondition(!"\(error)".isEmpty)
            return false
        }
    }

    /// All of them.
    package static let all: [FuzzedParser] = [
        FuzzedParser(name: "json", body: json), FuzzedParser(name: "squad", body: squad),
        FuzzedParser(name: "rows", body: rows), FuzzedParser(name: "table", body: rows),
        FuzzedParser(name: "predictions", body: predictions),
        FuzzedParser(name: "no-answer", body: noAnswer), FuzzedParser(name: "safetensors", body: safetensors),
        FuzzedParser(name: "index", body: index), FuzzedParser(name: "config", body: config),
        FuzzedParser(name: "vocab", body: vocabulary), FuzzedParser(name: "tokenizer", body: tokenizer),
        FuzzedParser(name: "text", body: text), FuzzedParser(name: "pickle", body: pickle),
        FuzzedParser(name: "zip", body: zip), FuzzedParser(name: "torch-save", body: torchSave),
        FuzzedParser(name: "manifest", body: manifest),
        FuzzedParser(name: "state", body: state), FuzzedParser(name: "statistics", body: statistics),
        FuzzedParser(name: "http", body: http),
    ]

    /// The parser of that name.
    package static func named(_ name: String) -> FuzzedParser? { all.first { $0.name == name } }
}

/// A folder whose files are written anew for each input.
private struct Scratch {
    let path: String

    func write(_ bytes: UnsafeRawBufferPointer, as name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

// MARK: Documents

extension FuzzedParser {
    @Sendable private static func json(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let value = try JSONValue.parse(bytes)
        let text = value.serialized()
        let again = try JSONValue.parse(Array(text.utf8))
        precondition(again.serialized().utf8.elementsEqual(text.utf8))
    }

    @Sendable private static func squad(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let dataset = try Dataset(contents: Array(bytes), path: "input")
        for problem in dataset.problems() { precondition(!problem.description.isEmpty) }
        let again = try Dataset(contents: Array(dataset.json().serialized().utf8), path: "again.json")
        precondition(again == dataset)
    }

    /// Rows as JSON or as a table: the corpora tell the two apart, the file's beginning does for the reader.
    @Sendable private static func rows(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        try squad(bytes, scratch)
        var repair = DatasetRepair()
        let articles = try Dataset(contents: Array(bytes), path: "input").articles.map { article in
            Article(title: article.title, paragraphs: article.paragraphs.map { repair.repair($0).paragraph })
        }
        precondition(Dataset(articles: articles).problems().isEmpty)
    }

    @Sendable private static func predictions(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let file = try scratch.write(bytes, as: "predictions.json")
        let predictions = try Predictions(path: file)
        try predictions.write(to: file)
        let again = try Predictions(path: file)
        precondition(again == predictions)
        for answer in predictions.answers.values { precondition(SQuADMetrics.f1(answer, answer) <= 1) }
    }

    @Sendable private static func noAnswer(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let probabilities = try NoAnswerProbabilities(path: try scratch.write(bytes, as: "probabilities.json"))
        precondition(probabilities.entries.allSatisfy { $0.probability.isFinite })
    }

    @Sendable private static func http(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let fields = try RequestFields(body: ByteBuffer(bytes: bytes))
        // Each form of request refuses the members of the others.
        let taken = [
            (try? AnswerRequest(fields)) != nil, (try? PairsRequest(fields, limit: 32)) != nil,
            (try? HuggingFaceRequest(fields, limit: 32)) != nil,
        ]
        precondition(taken.filter { $0 }.count <= 1)
    }
}

// MARK: Models

extension FuzzedParser {
    @Sendable private static func safetensors(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let file = try SafetensorsFile(path: try scratch.write(bytes, as: "model.safetensors"))
        var sum = 0
        for name in file.names {
            guard let view = file[name] else { preconditionFailure("\(name) is listed and not there") }
            view.withBytes { for byte in $0 { sum &+= Int(byte) } }
        }
        precondition(sum >= 0)
    }

    @Sendable private static func index(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let file = try scratch.write(bytes, as: "model.safetensors.index.json")
        let index = try ShardedIndex(path: file)
        precondition(index.files.allSatisfy(ShardedIndex.isPlainFileName))
    }

    @Sendable private static func config(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        _ = try scratch.write(bytes, as: "config.json")
        let config = try EncoderConfig(directory: scratch.path)
        try config.write(toDirectory: scratch.path)
        let again = try EncoderConfig(directory: scratch.path)
        precondition(again.family == config.family && again.longestRow == config.longestRow)
        precondition(again.hiddenSize == config.hiddenSize && again.layerCount == config.layerCount)
    }

    @Sendable private static func pickle(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        _ = try PickleMachine.read(bytes, path: "data.pkl")
    }

    @Sendable private static func zip(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let archive = try ZipArchive(CheckpointFile.map(scratch.write(bytes, as: "model.bin")))
        for name in archive.names { _ = try archive.range(of: name) }
    }

    /// A file of `torch.save`, in either format, with the bytes of its tensors.
    @Sendable private static func torchSave(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        for tensor in try PickledTensor.all(in: scratch.write(bytes, as: "model.bin")) {
            let target = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteCount, alignment: 8)
            defer { target.deallocate() }
            tensor.copyBytes(to: target)
        }
    }
}

// MARK: Tokenizers

extension FuzzedParser {
    private static let sample = "Ada Lovelace wrote it, in 1843: naïve \u{65E5}\u{672C} e\u{301} \u{1F600}."

    /// Tokenises a text and looks at its offsets, which must lie inside it in order.
    private static func use(_ tokenizer: Tokenizer, on text: String) {
        let tokens = tokenizer.tokenize(text)
        var end = 0
        for offset in tokens.offsets {
            precondition(Int(offset.lowerBound) >= end && offset.upperBound >= offset.lowerBound)
            end = Int(offset.lowerBound)
            precondition(Int(offset.upperBound) <= text.utf8.count)
        }
    }

    @Sendable private static func vocabulary(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        _ = try scratch.write(bytes, as: "vocab.txt")
        use(try Tokenizer(directory: scratch.path), on: sample)
    }

    @Sendable private static func tokenizer(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        _ = try scratch.write(bytes, as: "tokenizer.json")
        use(try Tokenizer(directory: scratch.path), on: sample)
    }

    private static let words: Tokenizer? = try? Tokenizer(
        vocabulary: Vocabulary(
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b", "##b", "ab", "##ab", "\u{65E5}", ".", "e"]))

    @Sendable private static func text(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        guard let words else { preconditionFailure("the vocabulary of the fuzzer is refused") }
        use(words, on: String(decoding: bytes, as: UTF8.self))
    }
}

// MARK: Runs

extension FuzzedParser {
    @Sendable private static func manifest(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let store = CheckpointStore(outputDirectory: scratch.path, kept: 1)
        let checkpoint = store.path(step: 1)
        try FileManager.default.createDirectory(atPath: checkpoint, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(checkpoint)/manifest.json"))
        var warnings: [String] = []
        let found = try store.newestWhole { warnings.append($0) }
        // Nothing but the manifest is there: whatever it says, no checkpoint is whole.
        precondition(found == nil && warnings.count == 1)
    }

    @Sendable private static func state(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        let json = try JSONValue.parse(bytes)
        _ = try TrainingState(json: json, options: .object(JSONObject([])), path: "state.json")
    }

    @Sendable private static func statistics(_ bytes: UnsafeRawBufferPointer, _ scratch: Scratch) throws {
        _ = try scratch.write(bytes, as: "training_stats.json")
        let statistics = try TrainingStatistics(directory: scratch.path)
        let curve = LearningCurve(statistics)
        precondition(!curve.svg().isEmpty && !curve.png().isEmpty)
    }
}
