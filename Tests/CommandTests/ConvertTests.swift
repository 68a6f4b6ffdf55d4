import Foundation
import SQuAD
import StrictJSON
import Testing
import Workshop

@Suite("Rows and tables")
struct ConvertTests {
    /// The questions of a dataset as a table, with the quotes that CSV asks for.
    private func table(_ dataset: Dataset) -> String {
        func cell(_ text: String) -> String { "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }
        var lines = ["id,title,context,question,answer,answer_start"]
        for article in dataset.articles {
            for paragraph in article.paragraphs {
                for question in paragraph.questions {
                    let answer = question.answers[0]
                    lines.append(
                        [question.id.text, article.title, paragraph.context, question.question, answer.text]
                            .map(cell).joined(separator: ",") + ",\(answer.start)")
                }
            }
        }
        return lines.joined(separator: "\r\n")
    }

    @Test("are taken wherever a dataset is: the same training and the same answers as of the SQuAD file")
    func everywhere() throws {
        try withWorkshop { shop in
            let rows = "\(shop.path)/rows.csv"
            try table(Dataset(path: "\(shop.path)/train.json")).write(toFile: rows, atomically: true, encoding: .utf8)
            var results: [[Data]] = []
            for data in ["\(shop.path)/train.json", rows] {
                #expect(try Tool.run(["check", "--data", data]).status == 0)
                let (run, answers) = ("\(shop.path)/run", "\(shop.path)/answers.json")
                let train = try Tool.run([
                    "train", "--model", "\(shop.path)/model", "--train-file", data, "--validation-fraction", "0.3",
                    "--max-steps",
                    "2", "--max-length", "32", "--output-dir", run,
                ])
                #expect(train.status == 0, "\(train.err)")
                let predict = try Tool.run([
                    "predict", "--model", run, "--data", data, "--output", answers, "--max-length", "32",
                ])
                #expect(predict.status == 0, "\(predict.err)")
                let score = try Tool.run(["score", "--data", data, "--predictions", answers, "--json"])
                results.append(
                    try ["\(run)/model.safetensors", answers].map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
                        + [Data(score.out.utf8)])
                try FileManager.default.removeItem(atPath: run)
            }
            #expect(results[0] == results[1])
        }
    }

    @Test("become a SQuAD file, repaired if asked to, and every change is told")
    func convert() throws {
        try withWorkshop { shop in
            let (rows, output) = ("\(shop.path)/rows.csv", "\(shop.path)/out.json")
            try "context,question,answer\nby Ada,who?,ada\nby Ada,when?,1843\nby Ada,who then?,Ada\n"
                .write(toFile: rows, atomically: true, encoding: .utf8)
            let plain = try Tool.run(["convert", "--data", rows, "--output", output])
            #expect(plain.status == 0, "\(plain.err)")
            #expect(
                plain.out.contains(
                    "out.json: 1 article, 1 paragraph, 3 questions\n3 problems; `bertqa check --data \(output)`"),
                "\(plain.out)")
            let check = try Tool.run(["check", "--data", output])
            #expect(check.status == 65)
            #expect(check.out.contains("`bertqa convert --data \(output) --output FILE --repair`"), "\(check.out)")
            let repair = try Tool.run(["convert", "--data", output, "--output", output, "--repair"])
            #expect(
                repair.out == """
                    question 1: "ada" became "Ada" at 3
                    question 2: left out: answer "1843" has no offset; the context does not contain it
                    question 3: "Ada" put at 3
                    \(output): 1 article, 1 paragraph, 2 questions
                    repaired: 1 moved, 1 reworded, 1 left_out

                    """)
            #expect(try Tool.run(["check", "--data", output]).status == 0)
            let json = try Tool.run(["convert", "--data", rows, "--output", output, "--repair", "--json"]).json()
            #expect(json["questions"]?.int == 2 && json["changes"]?.array?.count == 3 && json["problems"]?.int == 0)
            #expect(json["changes"]?.array?.first?["kind"]?.string == "reworded")
        }
    }

    @Test("that cannot be converted are refused, and nothing is written")
    func refused() throws {
        try withWorkshop { shop in
            let (rows, output) = ("\(shop.path)/rows.csv", "\(shop.path)/out.json")
            for (text, message) in [
                ("context,question,answer\nc,?,none\n", "no usable question is left"),
                ("context,question\nc,?,x\n", "line 2: row 1 has 3"),
                ("question,answer\n?,x\n", "no \"context\""),
            ] {
                try text.write(toFile: rows, atomically: true, encoding: .utf8)
                try Tool.run(["convert", "--data", rows, "--output", output, "--repair"])
                    .expectFailure(65, "rows.csv", message)
            }
            try "context,question\nc,?\n".write(toFile: rows, atomically: true, encoding: .utf8)
            try Tool.run(["convert", "--data", rows, "--output", "\(shop.path)/none/out.json"])
                .expectFailure(74, "none/out.json")
            try Tool.run(["convert", "--data", "\(shop.path)/none.csv", "--output", output])
                .expectFailure(66, "none.csv")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }
}
