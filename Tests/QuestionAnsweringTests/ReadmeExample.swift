import QuestionAnswering

// The example of the README, so that it compiles. Keep the two equal.

func whenDidTheTowerOpen() async throws -> String {
    let reader = try await Reader.load("runs/demo")
    let text = "The tower was designed by Gustave Eiffel's engineers and opened in 1889."
    let answer = try await reader.answer("When did the tower open?", in: text)
    print(answer.text, answer.score, answer.range)  // the range counts Unicode scalars, as Python does
    return answer.text
}
