import QuestionAnswering

/// Asks one question about a text and prints the three best answers: ask MODEL QUESTION TEXT.
@main
struct Ask {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 3, let model = arguments.first, let text = arguments.last else {
            print("usage: ask MODEL QUESTION TEXT")
            return
        }
        let question = arguments[2]

        let reader = try await Reader.load(model)
        for answer in try await reader.answers(question, in: text, count: 3) {
            // The range counts Unicode scalars, as Python does.
            print(answer.text, answer.score, answer.range)
        }
    }
}
