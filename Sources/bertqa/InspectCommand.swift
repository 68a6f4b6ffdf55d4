import ArgumentParser
import BERT
import Console
import Foundation
import QuestionAnswering
import SQuAD
import StrictJSON

/// `bertqa inspect`
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show one question as the model sees it.",
        discussion: """
            Prints the question, its text with the answer marked, and each row made from them: tokens with their \
            places in the text, the label, and the ids decoded into text again.

              bertqa inspect --model bert --data questions.json --id 56be4db0acb8001400a502ec
              bertqa inspect --model bert --data questions.json --index 0
            """)

    @Option(help: "A model, its folder or its id on the hub: its tokenizer is used.", completion: .directory)
    var model: String

    @Option(help: "The dataset; squad or squad_v2 for the official one, its training part.", completion: .file())
    var data: String

    @Option(help: "The question's id.")
    var id: String?

    @Option(help: "The question's number in the file, counted from 0.")
    var index: Int?

    @OptionGroup var length: LengthOptions

    @Flag(help: "Print the rows as one JSON object.")
    var json = false

    func validate() throws {
        if id != nil, index != nil { throw ValidationError("give --id or --index, not both") }
    }

    func run() async throws {
        try await reportingErrors("inspect") {
            let dataset = try Dataset(path: try await DatasetSource.path(data, .train))
            let folder = try await ModelSource.folder(model)
            let tokenizer = try ModelSource.tokenizer(of: folder)
            let options = try length.features().fitted(
                to: try EncoderConfig(directory: folder).longestRow, tokenizer: tokenizer)
            let example = try chosen(dataset.examples())
            let set = FeatureBuilder(tokenizer: tokenizer, options: options).build([example], labelled: true)
            let view = InspectedQuestion(example: example, features: set.features, tokenizer: tokenizer)
            let colours = OutputTraits(descriptor: STDOUT_FILENO).showsColours
            try writeOutput(json ? view.json.serialized() : view.text(colours: colours))
        }
    }

    private func chosen(_ examples: [Example]) throws -> Example {
        if let id {
            guard let found = examples.first(where: { $0.id == QuestionID(id) }) else {
                throw ValidationError("\(data) has no question with the id \(id)")
            }
            return found
        }
        let index = index ?? 0
        guard examples.indices.contains(index) else {
            throw ValidationError("--index \(index): \(data) has questions 0 to \(examples.count - 1)")
        }
        return examples[index]
    }
}
