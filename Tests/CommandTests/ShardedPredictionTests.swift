import Foundation
import SQuAD
import StrictJSON
import Testing
import Workshop

@Suite("Predicting in parts, stopping and going on, from the command line", .serialized)
struct ShardedPredictionTests {
    /// Texts of one to nine sentences, so that some are read in windows; one id comes twice.
    private static func write(_ paragraphs: Int, to path: String) throws {
        let names = ["ada", "bob", "cleo", "dan", "eve", "finn"]
        let places = ["rome", "oslo", "lima", "cairo", "paris", "delhi"]
        let texts = (0..<paragraphs).map { number in
            let sentences = (0...(number * 7 % 9)).map {
                "\(names[(number + $0) % 6]) lives in the town of \(places[(number * 5 + $0) % 6])."
            }
            let questions = (0...(number % 3)).map { index in
                Question(
                    id: QuestionID(index == 0 && number == paragraphs - 1 ? "0-0" : "\(number)-\(index)"),
                    question: "where does \(names[(number + index) % 6]) live?",
                    answers: [AnswerSpan(text: names[number % 6], start: 0)])
            }
            return Paragraph(context: sentences.joined(separator: " "), questions: questions)
        }
        try Dataset(articles: [Article(title: "", paragraphs: texts)]).write(to: path)
    }

    private func predict(_ shop: Workshop, _ data: String, _ output: String, _ more: String...) -> [String] {
        [
            "predict", "--model", "\(shop.path)/model", "--data", "\(shop.path)/\(data)", "--output",
            "\(shop.path)/\(output)", "--max-length", "32", "--precision", "fp32", "--threads", "1",
        ] + more
    }

    private func all(_ shop: Workshop, _ output: String) -> [String] {
        [
            "--n-best", "3", "--n-best-output", "\(shop.path)/\(output).best", "--na-prob-output",
            "\(shop.path)/\(output).odds",
        ]
    }

    @Test("the shards together, merged in any order, are byte for byte what one run writes", arguments: [40, 3])
    func merged(_ paragraphs: Int) throws {
        try withWorkshop { shop in
            try Self.write(paragraphs, to: "\(shop.path)/data.json")
            let whole = try Tool.run(predict(shop, "data.json", "whole") + all(shop, "whole"))
            #expect(whole.status == 0, "\(whole.err)")
            let count = 5
            var ids: [String] = []
            for number in 1...count {
                let output = try Tool.run(
                    predict(shop, "data.json", "part\(number)", "--shard", "\(number)/\(count)")
                        + all(shop, "part\(number)"))
                #expect(output.status == 0, "\(output.err)")
                ids += try JSONValue.parse(shop.bytes("part\(number).best")).object?.map(\.key) ?? []
            }
            let file = try Dataset(path: "\(shop.path)/data.json")
            // The last paragraph's first question has the id of the first of all, and a key of its own.
            let texts = file.articles[0].paragraphs.flatMap { $0.questions.map(\.id.text) }
            #expect(texts.filter { $0 == "0-0" }.count == 2)
            let keys = texts.enumerated().map { $0 > 0 && $1 == "0-0" ? "0-0#2" : $1 }
            #expect(ids == keys)
            for ending in ["", ".best", ".odds"] {
                let parts = [3, 1, 5, 4, 2].map { "\(shop.path)/part\($0)\(ending)" }
                let merge = try Tool.run(["merge", "--output", "\(shop.path)/merged\(ending)"] + parts)
                #expect(merge.status == 0 && merge.out.isEmpty, "\(merge.err)")
                #expect(try shop.bytes("merged\(ending)") == shop.bytes("whole\(ending)"), "\(ending)")
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: shop.path)
            #expect(!left.contains { $0.hasSuffix(".progress") || $0.hasSuffix(".partial") }, "\(left)")
        }
    }

    @Test(
        "stopped by a signal or killed, again and again, it goes on and ends with the same bytes",
        arguments: [SIGTERM, SIGKILL])
    func stopped(_ signal: Int32) throws {
        try withWorkshop { shop in
            try Self.write(3000, to: "\(shop.path)/data.json")
            let whole = try Tool.run(predict(shop, "data.json", "whole") + all(shop, "whole"))
            #expect(whole.status == 0, "\(whole.err)")
            let command = predict(shop, "data.json", "out", "--resume") + all(shop, "out")
            var size = 0
            for _ in 0..<3 {
                let running = try Tool.start(command)
                wait(for: "\(shop.path)/out.progress", beyond: size + 10_000)
                running.send(signal)
                let output = try running.finish()
                if signal == SIGKILL {
                    #expect(output.signalled)
                } else {
                    output.expectFailure(75, "out.progress", "--resume")
                }
                size = try shop.bytes("out.progress").count
                #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/out"))
            }
            // What a full disk or a power cut leaves of a line.
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(shop.path)/out.progress"))
            try file.seekToEnd()
            try file.write(contentsOf: Data(#"{"id":"17-0","ans"#.utf8))
            try file.close()
            let last = try Tool.run(command)
            #expect(last.status == 0 && last.err.contains("is incomplete"), "\(last.err)")
            for ending in ["", ".best", ".odds"] {
                #expect(try shop.bytes("out\(ending)") == shop.bytes("whole\(ending)"), "\(ending)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/out.progress"))
        }
    }

    /// Waits until a file is larger than that, at most a minute.
    private func wait(for path: String, beyond size: Int) {
        let end = Date(timeIntervalSinceNow: 60)
        while end.timeIntervalSinceNow > 0 {
            let now = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            if let now, now > size { return }
            Thread.sleep(forTimeInterval: 0.002)
        }
    }

    @Test("a disk without room is an error, and the run goes on when there is room again")
    func full() throws {
        try withWorkshop { shop in
            try Self.write(400, to: "\(shop.path)/data.json")
            let whole = try Tool.run(predict(shop, "data.json", "whole"))
            #expect(whole.status == 0, "\(whole.err)")
            // A limit on the size of files is a full disk to whoever writes one.
            let limited = try Tool.run(predict(shop, "data.json", "out"), shell: "trap '' XFSZ; ulimit -f 32")
            limited.expectFailure(74, "out.progress")
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/out"))
            let again = try Tool.run(predict(shop, "data.json", "out"))
            again.expectFailure(74, "--resume")
            let resumed = try Tool.run(predict(shop, "data.json", "out", "--resume"))
            #expect(resumed.status == 0, "\(resumed.err)")
            #expect(try shop.bytes("out") == shop.bytes("whole"))
        }
    }

    @Test("going on with another model, other data, options or another shard is refused, and says what differs")
    func otherRun() throws {
        try withWorkshop { shop in
            try Self.write(400, to: "\(shop.path)/data.json")
            let command = predict(shop, "data.json", "out", "--shard", "1/2")
            let limited = try Tool.run(command, shell: "trap '' XFSZ; ulimit -f 32")
            #expect(limited.status == 74, "\(limited.err)")
            let left = try shop.bytes("out.progress")
            try Tool.run(command + ["--resume", "--doc-stride", "5"]).expectFailure(74, "doc_stride (10, now 5)")
            try Tool.run(predict(shop, "data.json", "out", "--resume", "--shard", "2/2")).expectFailure(
                74, "--shard (1/2")
            try Tool.run(command + ["--resume"] + all(shop, "out")).expectFailure(74, "n_best", "na_prob_output")
            try Tool.run(predict(shop, "train.json", "out", "--resume", "--shard", "1/2")).expectFailure(74, "the data")
            let config = "\(shop.path)/model/config.json"
            let text = try String(contentsOfFile: config, encoding: .utf8)
            try (text + "\n").write(toFile: config, atomically: true, encoding: .utf8)
            try Tool.run(command + ["--resume"]).expectFailure(74, "the model's config.json")
            #expect(try shop.bytes("out.progress") == left)
            try text.write(toFile: config, atomically: true, encoding: .utf8)
            let resumed = try Tool.run(command + ["--resume"])
            #expect(resumed.status == 0, "\(resumed.err)")
            let done = try Tool.run(command + ["--resume"])
            #expect(done.status == 0 && done.err.contains("nothing is left to do"), "\(done.err)")
        }
    }

    @Test("shards that are missing, doubled, changed or of another run are refused by name")
    func refused() throws {
        try withWorkshop { shop in
            for number in 1...3 {
                let output = try Tool.run(
                    predict(shop, "train.json", "part\(number)", "--shard", "\(number)/3") + all(shop, "part\(number)"))
                #expect(output.status == 0, "\(output.err)")
            }
            _ = try Tool.run(predict(shop, "train.json", "other", "--shard", "3/3", "--doc-stride", "3"))
            _ = try Tool.run(predict(shop, "train.json", "half", "--shard", "2/2"))
            _ = try Tool.run(predict(shop, "train.json", "whole"))
            let parts = (1...3).map { "\(shop.path)/part\($0)" }
            func merge(_ files: [String]) throws -> Tool.Output {
                try Tool.run(["merge", "--output", "\(shop.path)/merged"] + files)
            }
            try merge([parts[0], parts[2]]).expectFailure(65, "missing: shard 2/3")
            try merge(parts + [parts[1]]).expectFailure(65, "part2", "both shard 2/3")
            try merge([parts[0], parts[1], "\(shop.path)/other"]).expectFailure(65, "other", "doc_stride")
            try merge([parts[0], parts[1], "\(shop.path)/half"]).expectFailure(65, "half", "one division")
            try merge([parts[0], parts[1], parts[2] + ".odds"]).expectFailure(65, "part3.odds", "one kind")
            try merge([parts[0], parts[1], "\(shop.path)/whole"]).expectFailure(66, "whole", "files of a shard")
            try merge([parts[0], parts[1], "\(shop.path)/none"]).expectFailure(66, "none")
            try "{}\n".write(toFile: parts[1], atomically: true, encoding: .utf8)
            try merge(parts).expectFailure(65, "part2", "again")
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/merged"))
            try Tool.run(["merge", "--output", parts[0]] + parts).expectFailure(74, "one of the shards")
            try Tool.run(["merge", "--output", "\(shop.path)/merged"]).expectFailure(64)
            for shard in ["0/3", "4/3", "third"] {
                try Tool.run(predict(shop, "train.json", "x", "--shard", shard)).expectFailure(64, shard)
            }
        }
    }
}
