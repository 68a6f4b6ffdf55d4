import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Asking")
struct AskTests {
    @Test("gives the text, its place in Unicode scalars and a score, from any source of the text")
    func sources() throws {
        try withWorkshop { shop in
            // Two scalars for the flag, three for the family's first two members and the joiner, two for é.
            let text = "🇳🇱 👩\u{200D}👧 cafe\u{301} ada lives in the town of rome."
            try text.write(toFile: "\(shop.path)/text.txt", atomically: true, encoding: .utf8)
            let question = ["ask", "--model", "\(shop.path)/model", "--question", "where does ada live?", "--json"]
            let direct = try Tool.run(question + ["--context", text])
            let file = try Tool.run(question + ["--context-file", "\(shop.path)/text.txt"])
            let standardInput = try Tool.run(question + ["--context-file", "-"], input: text)
            #expect(direct.status == 0, "\(direct.err)")
            #expect(direct.out == file.out)
            #expect(direct.out == standardInput.out)
            let answer = try direct.json()
            let (start, end) = (try #require(answer["start"]?.int), try #require(answer["end"]?.int))
            let scalars = Array(text.unicodeScalars)
            #expect(answer["answer"]?.string == String(String.UnicodeScalarView(scalars[start..<end])))
            #expect((0...1).contains(try #require(answer["score"]?.double)))
        }
    }

    @Test("gives as many different answers as asked for, best first")
    func several() throws {
        try withWorkshop { shop in
            let output = try Tool.run([
                "ask", "--model", "\(shop.path)/model", "--question", "who?", "--context", "ada lives in rome.",
                "--top-k", "4", "--json",
            ])
            let answers = try #require(try output.json()["answers"]?.array)
            #expect(answers.count == 4)
            let scores = answers.compactMap { $0["score"]?.double }
            #expect(scores == scores.sorted(by: >))
            #expect(Set(answers.map { "\($0["start"]?.int ?? -1)-\($0["end"]?.int ?? -1)" }).count == 4)
        }
    }

    @Test(
        "says what is wrong with a question or a text",
        arguments: [
            ("", "ada", Int32(65), "question"), (" \n", "ada", 65, "question"), ("who?", "", 65, "text"),
            ("who?", "\t ", 65, "text"),
        ])
    func empty(_ question: String, _ text: String, _ code: Int32, _ word: String) throws {
        try withWorkshop { shop in
            let output = try Tool.run([
                "ask", "--model", "\(shop.path)/model", "--question", question, "--context", text,
            ])
            output.expectFailure(code, word)
        }
    }

    @Test("says that a text is missing or not UTF-8")
    func files() throws {
        try withWorkshop { shop in
            let question = ["ask", "--model", "\(shop.path)/model", "--question", "who?", "--context-file"]
            try Tool.run(question + ["\(shop.path)/none.txt"]).expectFailure(66, "none.txt")
            try Data([0x61, 0xFF, 0x62]).write(to: URL(fileURLWithPath: "\(shop.path)/latin.txt"))
            try Tool.run(question + ["\(shop.path)/latin.txt"]).expectFailure(74, "latin.txt", "UTF-8")
        }
    }

    @Test("reads a text in windows of the length and overlap asked for, and refuses an overlap that would skip tokens")
    func windows() throws {
        try withWorkshop { shop in
            let text = Array(repeating: "ada lives in the town of rome.", count: 20).joined(separator: " ")
            let ask = [
                "ask", "--model", "\(shop.path)/model", "--question", "where does ada live?", "--context", text,
                "--max-length", "24",
            ]
            let output = try Tool.run(ask + ["--doc-stride", "8", "--json"])
            #expect(output.status == 0, "\(output.err)")
            #expect(try output.json()["answer"]?.string?.isEmpty == false)
            try Tool.run(ask + ["--doc-stride", "30"]).expectFailure(64, "--doc-stride")
            try Tool.run(ask.dropLast() + ["100"]).expectFailure(64, "--max-length")
        }
    }

    @Test("refuses a question that leaves no room for the text")
    func longQuestion() throws {
        try withWorkshop { shop in
            let question = Array(repeating: "where", count: 70).joined(separator: " ")
            let output = try Tool.run([
                "ask", "--model", "\(shop.path)/model", "--question", question, "--context", "ada lives in rome.",
            ])
            output.expectFailure(65, "question")
        }
    }
}
