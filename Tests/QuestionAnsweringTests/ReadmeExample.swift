import QuestionAnswering

// The example of README.md and docs/guide/library.md, so that it compiles. Keep them equal.

func whenDidTheTowerOpen() async throws -> String {
    let reader = try await Reader.load("runs/demo")
    let answer = try await reader.answer("When did the tower open?", in: "The tower opened in 1889.")
    print(answer.text, answer.score)
    return answer.text
}
