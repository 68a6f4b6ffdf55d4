import Evaluating
import Foundation
import SQuAD
import StrictJSON
import Testing
import Workshop

@Suite("Confidence, from the command line", .serialized)
struct ConfidenceTests {
    /// 36 texts with two questions each in six articles. A fifth of the answers is the other word, so that a model that
    /// has learned the rest is wrong there.
    private static var dataset: Dataset {
        let names = ["ada", "bob", "cleo", "dan", "eve", "finn"]
        let places = ["rome", "oslo", "lima", "cairo", "paris", "delhi"]
        var number = 0
        let articles = names.map { name in
            Article(
                title: name,
                paragraphs: places.map { place in
                    let context = "\(name) lives in the town of \(place)."
                    let start = context.unicodeScalars.count - place.unicodeScalars.count - 1
                    let spans = [AnswerSpan(text: place, start: start), AnswerSpan(text: name, start: 0)]
                    let questions = ["where does \(name) live?", "who lives in \(place)?"].enumerated().map {
                        kind, text in
                        number += 1
                        let answer = spans[number.isMultiple(of: 5) ? 1 - kind : kind]
                        return Question(id: QuestionID("\(number)"), question: text, answers: [answer])
                    }
                    return Paragraph(context: context, questions: questions)
                })
        }
        return Dataset(articles: articles)
    }

    private static let usual = ["--max-length", "32", "--precision", "fp32", "--threads", "1"]

    /// A workshop with a run that was trained on its own questions and validated on these.
    private func withRun(_ body: (Workshop, _ data: String) throws -> Void) throws {
        try withWorkshop { shop in
            let data = "\(shop.path)/data.json"
            try Self.dataset.write(to: data)
            let train = try Tool.run(
                [
                    "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json",
                    "--validation-file", data, "--output-dir", "\(shop.path)/run", "--batch-size", "4", "--epochs",
                    "40",
                    "--learning-rate", "3e-3",
                ] + Self.usual)
            #expect(train.status == 0, "\(train.err)")
            #expect(train.err.contains("scores are calibrated on 72 questions"), "\(train.err)")
            try body(shop, data)
        }
    }

    /// Takes the calibration out of a model's configuration, or puts another one in.
    private func set(_ record: JSONValue?, in folder: String) throws {
        let path = "\(folder)/config.json"
        let config = try #require(JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: path)))).object)
        var members = config.filter { $0.key != "bertqa_confidence" }.map { ($0.key, $0.value) }
        if let record { members.append(("bertqa_confidence", record)) }
        try JSONValue.object(JSONObject(members)).serialized().write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func json(_ path: String) throws -> JSONValue {
        try JSONValue.parse(Array(Data(contentsOf: URL(fileURLWithPath: path))))
    }

    @Test("training and calibrate store the same calibration, which changes scores and nothing else")
    func calibrates() throws {
        try withRun { shop, data in
            let run = "\(shop.path)/run"
            let model = ["--model", run, "--data", data] + Self.usual
            let trained = try json("\(run)/config.json")
            let statistics = try json("\(run)/training_stats.json")
            #expect(statistics.object?.contains { $0.value["calibration_error"] != nil } == true)
            let calibrated = try Tool.run(["evaluate", "--json"] + model).json()
            #expect(calibrated["calibrated"]?.bool == true)
            let (best, file) = ("\(shop.path)/best.json", "\(shop.path)/answers.json")
            let predict = ["predict", "--output", file, "--n-best", "3", "--n-best-output", best] + model
            #expect(try Tool.run(predict).status == 0)
            let (sure, answers) = (try json(best), try json(file))

            try set(nil, in: run)
            let plain = try Tool.run(["evaluate", "--json"] + model).json()
            #expect(plain["calibrated"]?.bool == false)
            #expect(plain["exact_match"]?.double == calibrated["exact_match"]?.double)
            #expect(try Tool.run(predict).status == 0)
            let (raw, same) = (try json(best), try json(file))
            #expect(same == answers)
            for (id, candidates) in try #require(raw.object) {
                let scored = try #require(sure[id]?.array)
                let (texts, logits) = (candidates.array?.map { $0["text"] }, candidates.array?.map { $0["logit"] })
                #expect(scored.map { $0["text"] } == texts && scored.map { $0["logit"] } == logits)
                let scores = scored.compactMap { $0["probability"]?.double }
                #expect(scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
            }
            let error = try #require(calibrated["calibration_error"]?.double)
            #expect(error < (try #require(plain["calibration_error"]?.double)))

            let again = try Tool.run(["calibrate", "--json"] + model)
            #expect(again.status == 0, "\(again.err)")
            #expect(try json("\(run)/config.json") == trained)
            #expect(try again.json()["bertqa_confidence"] == trained["bertqa_confidence"])
        }
    }

    @Test("shards have the scores of one run, and --min-score leaves out what is below")
    func everywhere() throws {
        try withRun { shop, data in
            let model = ["--model", "\(shop.path)/run", "--data", data] + Self.usual
            func predict(_ name: String, _ more: String...) throws -> String {
                let file = "\(shop.path)/\(name)"
                let run = try Tool.run(
                    ["predict", "--output", file, "--n-best", "2", "--n-best-output", "\(file).best"] + model + more)
                #expect(run.status == 0, "\(run.err)")
                return file
            }
            let whole = try predict("whole.json")
            let parts = try (1...2).map { try predict("part\($0).json", "--shard", "\($0)/2") }
            for ending in ["", ".best"] {
                let merged = "\(shop.path)/merged.json\(ending)"
                let run = try Tool.run(["merge", "--output", merged] + parts.map { $0 + ending })
                #expect(run.status == 0, "\(run.err)")
                #expect(try json(merged) == (try json(whole + ending)))
            }
            let questions = try #require(try json(whole + ".best").object)
            let scores = questions.compactMap { $0.value.array?.first?["probability"]?.double }
            let limit = scores.sorted()[36]
            let some = try json(predict("some.json", "--min-score", "\(limit)"))
            #expect(some.object?.count { $0.value.string == "" } == scores.count { $0 < limit })
            let evaluation = try Tool.run(["evaluate", "--json", "--min-score", "\(limit)"] + model).json()
            #expect(evaluation["answered"]?.int == scores.count { $0 >= limit })
            let (all, given) = (evaluation["reliability"]?.array, evaluation["surest"]?.array)
            #expect(all?.count == 15 && all?.reduce(0) { $0 + ($1["questions"]?.int ?? 0) } == 72)
            #expect(given?.last?["share"]?.double == 1)
        }
    }

    @Test("ask leaves a question unanswered below --min-score, and says how far scores can be believed in a picture")
    func asking() throws {
        try withRun { shop, data in
            func ask(_ more: String...) throws -> JSONValue {
                try Tool.run(
                    [
                        "ask", "--model", "\(shop.path)/run", "--question", "where does ada live?", "--context",
                        "ada lives in the town of rome.", "--json", "--precision", "fp32",
                    ] + more
                ).json()
            }
            let score = try #require(try ask()["score"]?.double)
            #expect(try ask("--min-score", "\(score)")["answer"]?.string == (try ask()["answer"]?.string))
            #expect(try ask("--min-score", "\(score.nextUp)")["answer"]?.string == "")
            let picture = "\(shop.path)/reliability.svg"
            let evaluate = ["evaluate", "--model", "\(shop.path)/run", "--data", data] + Self.usual
            #expect(try Tool.run(evaluate + ["--reliability-chart", picture]).status == 0)
            let drawn = try String(contentsOfFile: picture, encoding: .utf8)
            #expect(drawn.contains("72 answers, expected calibration error"))
            try Tool.run(evaluate + ["--reliability-chart", "picture.gif"]).expectFailure(64, ".svg or .png")
            for value in ["1.5", "-0.1", "nan"] {
                try Tool.run(evaluate + ["--min-score=\(value)"]).expectFailure(64, "--min-score")
            }
            try Tool.run(evaluate + ["--preset", "tutorial", "--min-score", "0.5"]).expectFailure(64, "--min-score")
        }
    }

    @Test("a damaged record is an error that names file and field; too few questions are refused and change nothing")
    func refused() throws {
        try withWorkshop { shop in
            let model = "\(shop.path)/model"
            let ask = ["ask", "--model", model, "--question", "who?", "--context", "ada."]
            let good: [(String, JSONValue)] = [
                ("temperature", 1.5), ("scale", 1), ("offset", 0.5), ("questions", 72),
            ]
            func record(_ name: String, _ value: JSONValue?) -> JSONValue {
                let others = good.filter { $0.0 != name }
                return .object(JSONObject(others + (value.map { [(name, $0)] } ?? [])))
            }
            let cases: [(JSONValue, String)] = [
                (record("temperature", -1), "temperature"), (record("temperature", "hot"), "temperature"),
                (record("temperature", nil), "temperature"), (record("temperature", 0), "temperature"),
                (record("scale", -0.5), "scale"), (record("offset", .bool(true)), "offset"),
                (record("questions", 0), "questions"), (record("questions", 1.5), "questions"),
                (record("colour", 1), "colour"), (record("no_answer", ["scale": 1]), "no_answer.offset"),
                (record("no_answer", ["scale": 1, "offset": 0, "x": 1]), "'x'"), ("yes", "not an object"),
            ]
            for (record, field) in cases {
                try set(record, in: model)
                try Tool.run(ask).expectFailure(65, "config.json", "bertqa_confidence", field)
            }
            let text = try String(contentsOfFile: "\(model)/config.json", encoding: .utf8)
            try text.replacing("\"yes\"", with: "{\"temperature\": NaN}")
                .write(toFile: "\(model)/config.json", atomically: true, encoding: .utf8)
            try Tool.run(ask).expectFailure(65, "config.json")

            try text.replacing("\"yes\"", with: "null").write(
                toFile: "\(model)/config.json", atomically: true, encoding: .utf8)
            let before = try shop.bytes("model/config.json")
            try Tool.run(["calibrate", "--model", model, "--data", "\(shop.path)/train.json"] + Self.usual)
                .expectFailure(65, "at least 50 questions", "here are 12")
            #expect(try shop.bytes("model/config.json") == before)
        }
    }
}
