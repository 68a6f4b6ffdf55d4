import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Training from the command line", .serialized)
struct TrainingTests {
    /// A run of 300 steps with a validation after each epoch.
    private func command(_ shop: Workshop, _ output: String, _ more: String...) -> [String] {
        [
            "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--validation-file",
            "\(shop.path)/train.json", "--output-dir", "\(shop.path)/\(output)", "--max-length", "32", "--batch-size",
            "4",
            "--epochs", "100", "--learning-rate", "3e-3", "--threads", "1", "--precision", "fp32",
        ] + more
    }

    @Test("the main job: train, evaluate, predict, score and ask agree with each other")
    func mainJob() throws {
        try withWorkshop { shop in
            let train = try Tool.run(command(shop, "run", "--json"))
            #expect(train.status == 0, "\(train.err)")
            let summary = try train.json()
            for key in [
                "output_dir", "steps", "seconds", "examples_per_second", "real_tokens_per_second", "best_epoch",
            ] {
                #expect(summary[key] != nil, "\(key)")
            }
            #expect(summary["steps"]?.int == 300)
            #expect(train.err.contains("step 300/300"))
            let data = ["--data", "\(shop.path)/train.json"]
            let model = ["--model", "\(shop.path)/run", "--max-length", "32", "--precision", "fp32"]
            let evaluation = try Tool.run(["evaluate", "--json"] + data + model).json()
            #expect(evaluation["f1"]?.double == summary["f1"]?.double)
            let predictions = "\(shop.path)/predictions.json"
            let predict = try Tool.run(["predict", "--output", predictions] + data + model)
            #expect(predict.status == 0 && predict.out.isEmpty, "\(predict.err)")
            let score = try Tool.run(["score", "--predictions", predictions, "--json"] + data).json()
            #expect(score["f1"]?.double == evaluation["f1"]?.double)
            #expect(score["total"]?.int == 12 && score["missing"]?.int == 0)
            let answers = try JSONValue.parse(shop.bytes("predictions.json"))
            let ask = try Tool.run([
                "ask", "--model", "\(shop.path)/run", "--question", "where does ada live?", "--context",
                "ada lives in the town of rome.", "--json", "--precision", "fp32",
            ]).json()
            #expect(ask["answer"]?.string == answers["0"]?.string)
        }
    }

    /// Signals, and how often each is sent. Under nohup SIGHUP is ignored, by the program as well.
    private static let signals: [(Int32, Int)] = {
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        #if canImport(Darwin)
            let handler = hangUp.__sigaction_u.__sa_handler
        #else
            let handler = hangUp.__sigaction_handler.sa_handler
        #endif
        let isIgnored = unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        return [(SIGINT, 1), (SIGTERM, 20)] + (isIgnored ? [] : [(SIGHUP, 1)])
    }()

    @Test(
        "a signal saves and leaves with 75, and the resumed run ends with the same bytes",
        arguments: signals)
    func interrupted(_ signal: Int32, times limit: Int) throws {
        try withWorkshop { shop in
            let whole = try Tool.run(command(shop, "whole"))
            #expect(whole.status == 0, "\(whole.err)")
            var stops = 0
            // At once: beside other tests the run may be over before this one is awake again.
            var last = try stop(command(shop, "broken"), with: signal, afterSeconds: 0)
            while last.status == 75, stops <= limit {
                stops += 1
                #expect(last.err.contains("--resume"), "\(last.err)")
                let resume = command(shop, "broken", "--resume")
                last =
                    stops < limit
                    ? try stop(resume, with: signal, afterSeconds: 0.1 + 0.1 * Double(stops)) : try Tool.run(resume)
            }
            #expect(stops > 0)
            #expect(last.status == 0, "\(last.err)")
            try expectSame(shop, "whole", "broken")
        }
    }

    @Test("a run that is killed outright loses at most what came after its last checkpoint")
    func killed() throws {
        try withWorkshop { shop in
            let whole = try Tool.run(command(shop, "whole"))
            #expect(whole.status == 0, "\(whole.err)")
            for delay in [0.0, 0.15, 0.3] {
                _ = try stop(command(shop, "broken", "--resume"), with: SIGKILL, afterSeconds: delay)
            }
            let last = try Tool.run(command(shop, "broken", "--resume"))
            #expect(last.status == 0, "\(last.err)")
            try expectSame(shop, "whole", "broken")
        }
    }

    @Test("a run that goes on under other circumstances says what differs, and only then")
    func otherCircumstances() throws {
        try withWorkshop { shop in
            let whole = try Tool.run(command(shop, "run", "--max-steps", "2", "--threads", "2"))
            #expect(whole.status == 0, "\(whole.err)")
            let same = try Tool.run(command(shop, "run", "--max-steps", "2", "--threads", "2", "--resume"))
            #expect(same.status == 0 && !same.err.contains("warning"), "\(same.err)")
            let other = try Tool.run(command(shop, "run", "--max-steps", "2", "--threads", "1", "--resume"))
            #expect(other.status == 0 && other.err.contains("threads (2, now 1)"), "\(other.err)")
        }
    }

    @Test("a directory that holds a run, or cannot hold one, is refused")
    func output() throws {
        try withWorkshop { shop in
            _ = try Tool.run(command(shop, "run", "--max-steps", "2"))
            let weights = try shop.bytes("run/model.safetensors")
            try Tool.run(command(shop, "run", "--max-steps", "2")).expectFailure(74, "already holds a run", "--resume")
            #expect(try shop.bytes("run/model.safetensors") == weights)
            try Tool.run(command(shop, "train.json")).expectFailure(74, "train.json")
            let resumed = try Tool.run(command(shop, "run", "--resume", "--max-steps", "3", "--seed", "7"))
            resumed.expectFailure(74, "seed")
        }
    }

    @Test("a disk without room stops the run with a message and leaves what was whole")
    func full() throws {
        try withWorkshop { shop in
            // A limit on the size of files is a full disk to whoever writes one: 64 blocks of 512 bytes hold the
            // small files and not the weights.
            let output = try Tool.run(command(shop, "run"), shell: "trap '' XFSZ; ulimit -f 64")
            #expect(output.status == 74 && !output.signalled, "\(output.err)")
            #expect(output.err.contains("\(shop.path)/run"), "\(output.err)")
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run/model.safetensors"))
            let left = try FileManager.default.contentsOfDirectory(atPath: "\(shop.path)/run")
            #expect(!left.contains { $0.hasSuffix(".partial") }, "\(left)")
            let again = try Tool.run(command(shop, "run", "--resume"))
            #expect(again.status == 0, "\(again.err)")
        }
    }

    @Test("a run whose directory is removed ends with a message and writes nothing in its place")
    func removed() throws {
        try withWorkshop { shop in
            let running = try Tool.start(command(shop, "run"))
            running.wait { $0.contains("epoch 2 ") }
            try FileManager.default.moveItem(atPath: "\(shop.path)/run", toPath: "\(shop.path)/moved")
            let output = try running.finish()
            output.expectFailure(74, "\(shop.path)/run", "removed or replaced")
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/run"))
            // What was moved is whole, and goes on where it is.
            let resumed = try Tool.run(command(shop, "moved", "--resume"))
            #expect(resumed.status == 0, "\(resumed.err)")
        }
    }

    @Test("a run goes on when whoever reads its progress leaves, and when nohup switched hanging up off")
    func readerLeaves() throws {
        try withWorkshop { shop in
            let pipe = "\(shop.path)/pipe"
            let output = try Tool.run(
                command(shop, "run", "--json"), shell: "mkfifo \(pipe); head -n 1 \(pipe) > /dev/null & exec 2> \(pipe)"
            )
            #expect(output.status == 0 && !output.signalled)
            #expect(try output.json()["steps"]?.int == 300)
            // The last words have nobody to hear them either.
            let stopped = try Tool.start(
                command(shop, "stopped"),
                shell: "rm \(pipe); mkfifo \(pipe); head -n 1 \(pipe) > /dev/null & exec 2> \(pipe)")
            Thread.sleep(forTimeInterval: 1)
            stopped.send(SIGTERM)
            let end = try stopped.finish()
            #expect(!end.signalled && (end.status == 75 || end.status == 0))
            let running = try Tool.start(command(shop, "other", "--max-steps", "60"), shell: "trap '' HUP")
            Thread.sleep(forTimeInterval: 0.4)
            running.send(SIGHUP)
            #expect(try running.finish().status == 0)
        }
    }

    @Test("numbers that break down skip a step, then stop the run, and name the step and the way out")
    func notFinite() throws {
        try withWorkshop { shop in
            try shop.overload(["lives", "does"])
            let output = try Tool.run(command(shop, "run", "--max-skipped-steps", "2"))
            #expect(output.err.contains("step 2 was skipped: the loss is not finite"), "\(output.err)")
            output.expectFailure(70, "step 3", "not finite", "--learning-rate")
            try Tool.run(command(shop, "other", "--max-skipped-steps", "0")).expectFailure(70, "step 1", "not finite")
        }
    }

    @Test("a model with weights that are not finite is named by training and by answering")
    func nonFiniteWeights() throws {
        try withWorkshop { shop in
            try shop.poison()
            let name = "bert.encoder.layer.1.output.dense.bias"
            try Tool.run(command(shop, "run")).expectFailure(65, name)
            try Tool.run([
                "ask", "--model", "\(shop.path)/model", "--question", "where does ada live?", "--context",
                "ada lives in the town of rome.",
            ]).expectFailure(65, name)
        }
    }

    @Test("deterministic mode changes nothing on the CPU, and the record says that it was on")
    func deterministic() throws {
        try withWorkshop { shop in
            for (name, more) in [("plain", []), ("deterministic", ["--deterministic"])] {
                let output = try Tool.run(command(shop, name, "--max-steps", "4") + more)
                #expect(output.status == 0, "\(output.err)")
                let record = try JSONValue.parse(shop.bytes("\(name)/run.json"))
                #expect(record["environment"]?["deterministic"]?.bool == !more.isEmpty)
            }
            #expect(try shop.bytes("plain/model.safetensors") == shop.bytes("deterministic/model.safetensors"))
        }
    }

    /// Kills of a run that must end as if it had not been touched. BERTQA_SOAK=500 has 500 of them.
    @Test("verify-resume finds a run that was killed again and again equal to one that was not")
    func verifyResume() throws {
        let kills = ProcessInfo.processInfo.environment["BERTQA_SOAK"].flatMap(Int.init) ?? 4
        try withWorkshop { shop in
            let options = [
                "--epochs", "\(100 + 6 * kills)", "--save-steps", "1", "--gradient-accumulation-steps", "2",
                "--kills", "\(kills)", "--json",
            ]
            let arguments = Array(command(shop, "proof").dropFirst())
            let output = try Tool.run(["verify-resume"] + arguments + options)
            #expect(output.status == 0, "\(output.err)")
            let result = try output.json()
            #expect(result["equal"]?.bool == true, "\(output.out)")
            #expect(result["kills"]?.int ?? 0 >= 1, "\(output.out)")
            let files = result["files"]?.array?.compactMap(\.string) ?? []
            #expect(files.contains("model.safetensors") && files.contains { $0.hasSuffix("optimizer.safetensors") })
            #expect(files.contains { $0.hasPrefix("tensorboard/events") })
            try Tool.run(["verify-resume"] + arguments + options).expectFailure(74, "not empty")
        }
    }

    private func stop(_ command: [String], with signal: Int32, afterSeconds delay: Double) throws -> Tool.Output {
        let running = try Tool.start(command)
        // From these words on signals are caught; how long it takes to get there says nothing.
        running.wait(until: { $0.contains("training ") })
        Thread.sleep(forTimeInterval: delay)
        running.send(signal)
        return try running.finish()
    }

    private func expectSame(_ shop: Workshop, _ one: String, _ other: String) throws {
        for name in ["model.safetensors", "checkpoints/step-00000300/optimizer.safetensors"] {
            #expect(try shop.bytes("\(one)/\(name)") == shop.bytes("\(other)/\(name)"), "\(name)")
        }
    }
}

@Suite("Sweeps and pictures", .serialized)
struct SweepTests {
    @Test("a sweep runs each combination once, goes on where it was stopped, and links the best run")
    func sweep() throws {
        try withWorkshop { shop in
            let command = [
                "sweep", "--learning-rates", "1e-3", "3e-3", "--epochs-list", "5", "20", "20", "--model",
                "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--validation-file",
                "\(shop.path)/train.json", "--output-dir", "\(shop.path)/sweep", "--max-length", "32", "--batch-size",
                "4",
                "--threads", "1", "--precision", "fp32",
            ]
            let running = try Tool.start(command)
            running.wait { $0.contains("step ") }
            running.send(SIGINT)
            let stopped = try running.finish()
            #expect(stopped.status == 75, "\(stopped.err)")
            let output = try Tool.run(command)
            #expect(output.status == 0, "\(output.err)")
            let runs = try #require(try JSONValue.parse(shop.bytes("sweep/sweep.json")).array)
            #expect(runs.count == 4)
            let best = runs.compactMap { $0["f1"]?.double }.max()
            let linked = try FileManager.default.destinationOfSymbolicLink(atPath: "\(shop.path)/sweep/best")
            #expect(runs.first { $0["directory"]?.string == linked }?["f1"]?.double == best)
            #expect(String(decoding: try shop.bytes("sweep/sweep.svg"), as: UTF8.self).hasPrefix("<svg"))
            // Once more: nothing is trained again.
            let before = try shop.bytes("sweep/\(linked)/model.safetensors")
            #expect(try Tool.run(command).out == output.out)
            #expect(try shop.bytes("sweep/\(linked)/model.safetensors") == before)
            try Tool.run(command + ["--epochs", "3"]).expectFailure(64, "--epochs-list")
        }
    }

    @Test("plot draws the curve again and names a folder that holds no run")
    func plot() throws {
        try withWorkshop { shop in
            _ = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--output-dir",
                "\(shop.path)/run", "--max-length", "32", "--tensorboard",
            ])
            let curve = try shop.bytes("run/learning_curve.svg")
            try FileManager.default.removeItem(atPath: "\(shop.path)/run/learning_curve.svg")
            let output = try Tool.run(["plot", "\(shop.path)/run"])
            #expect(output.status == 0, "\(output.err)")
            #expect(try shop.bytes("run/learning_curve.svg") == curve)
            try Tool.run(["plot", shop.path]).expectFailure(66, "training_stats.json")
        }
    }
}
