import FineTuning
import QuestionAnswering
import SQuAD

/// Fine-tunes an encoder on your own rows and asks the model a question: train ENCODER ROWS OUTPUT_FOLDER.
@main
struct Train {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 3 else {
            print("usage: train ENCODER ROWS OUTPUT_FOLDER")
            return
        }
        let (encoder, rows, output) = (arguments[0], arguments[1], arguments[2])

        // Rows (CSV or JSON) have a context, a question and an answer. Repairing finds each answer in its context.
        let data = "\(output).json"
        let converted = try DatasetConversion.convert(rows, to: data, repairing: true)
        for change in converted.changes { print(change) }

        var options = TrainingOptions(model: encoder, trainFile: data, outputDirectory: output)
        options.validationFraction = 0
        options.learningRate = 2e-4
        options.batchSize = 4
        options.epochs = 20
        let summary = try Trainer.train(options)
        print("\(summary.steps) steps; the model is in \(summary.outputDirectory)")

        let reader = try await Reader.load(output)
        let answer = try await reader.answer(
            "Where is the clay?", in: "Glazes stand on the upper shelf, clay lies in the cellar.")
        print("Where is the clay? \(answer.text)")
    }
}
