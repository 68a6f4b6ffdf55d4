import Foundation
import Testing
import Workshop

@Suite("bertqa demo")
struct DemoTests {
    private func demo(_ shop: Workshop, _ options: String...) throws -> Tool.Output {
        try Tool.run(
            ["demo", "--model", "\(shop.path)/model", "--sample", shop.path, "--output-dir", "\(shop.path)/run"]
                + options
        )
    }

    @Test("trains once, scores and answers, and shows each command")
    func whole() throws {
        try withWorkshop { shop in
            try FileManager.default.copyItem(atPath: "\(shop.path)/train.json", toPath: "\(shop.path)/dev.json")
            try Data("ada lives in the town of rome.".utf8).write(to: URL(fileURLWithPath: "\(shop.path)/unseen.txt"))
            let first = try demo(shop)
            #expect(first.status == 0, "\(first.err)")
            for word in ["exact match", "When was the fur trade banned?", "(score ", "learning_curve.svg"] {
                #expect(first.out.contains(word), "\(word) in: \(first.out)")
            }
            for command in ["train", "evaluate", "ask"] { #expect(first.err.contains("$ bertqa \(command) --model")) }
            #expect(FileManager.default.fileExists(atPath: "\(shop.path)/run/learning_curve.svg"))
            let second = try demo(shop)
            #expect(second.status == 0, "\(second.err)")
            #expect(!second.err.contains("bertqa train"))
            #expect(second.out.contains("exact match"))
        }
    }

    @Test("an error of one of its commands ends it with that command's code")
    func failing() throws {
        try withWorkshop { shop in
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(shop.path)/dev.json"))
            let output = try demo(shop)
            #expect(output.status == 65, "\(output.err)")
            #expect(output.err.contains("bertqa train: \(shop.path)/dev.json"))
        }
    }

    @Test("a program that was not installed asks for the sample")
    func notInstalled() throws {
        try Tool.run(["demo"]).expectFailure(64, "--sample")
    }
}
