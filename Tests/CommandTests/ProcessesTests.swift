import BERT
import Checkpoints
import FineTuning
import Foundation
import StrictJSON
import Testing
import Torch
import Workshop

@Suite("Training by several processes", .serialized)
struct ProcessesTests {
    private func command(_ shop: Workshop, _ run: String, epochs: Int = 3, _ more: String...) -> [String] {
        [
            "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--output-dir",
            "\(shop.path)/\(run)", "--max-length", "32", "--validation-fraction", "0.2", "--epochs", "\(epochs)",
            "--learning-rate",
            "1e-3", "--precision", "fp32", "--threads", "1",
        ] + more
    }

    /// The largest difference between two runs' weights.
    private func distance(_ shop: Workshop, _ one: String, _ other: String) throws -> Float {
        let (left, right) = (
            try SafetensorsFile(path: "\(shop.path)/\(one)/model.safetensors"),
            try SafetensorsFile(path: "\(shop.path)/\(other)/model.safetensors")
        )
        var most: Float = 0
        // The gradient of the keys' biases is nothing but rounding, which AdamW makes steps of.
        for name in left.names where !name.hasSuffix("self.key.bias") {
            let a = try #require(left[name]).tensor().array(of: Float.self)
            let b = try #require(right[name]).tensor().array(of: Float.self)
            most = max(most, zip(a, b).map { abs($0 - $1) }.max() ?? 0)
        }
        return most
    }

    @Test("comes to what one process with the same rows a step comes to, dropout included", arguments: [2, 4])
    func equal(processes: Int) throws {
        let shop = try Workshop()
        let alone = try Tool.run(
            command(shop, "alone", "--batch-size", "1", "--gradient-accumulation-steps", "\(processes)", "--json"))
        #expect(alone.status == 0, "\(alone.err)")
        let together = try Tool.run(
            command(shop, "together", "--batch-size", "1", "--processes", "\(processes)", "--json"))
        #expect(together.status == 0, "\(together.err)")
        let far = try distance(shop, "alone", "together")
        #expect(far < 2e-4)
        #expect(try together.json()["processes"]?.int == processes)
        #expect(try together.json()["steps"]?.int == alone.json()["steps"]?.int)
        let statistics = try ["alone", "together"].map { run in
            let json = try JSONValue.parse(shop.bytes("\(run)/training_stats.json"))
            return try (1...3).flatMap { epoch -> [Double] in
                let values = try #require(json["epoch_\(epoch)"])
                return try ["training_loss", "valid_loss", "valid_accuracy"].map { try #require(values[$0]?.double) }
            }
        }
        for (one, other) in zip(statistics[0], statistics[1]) { #expect(abs(one - other) < 1e-4) }
        // Another seed is another run: the test could tell.
        _ = try Tool.run(command(shop, "other", "--batch-size", "1", "--processes", "2", "--seed", "1"))
        #expect(try distance(shop, "together", "other") > 1e-3)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("goes on after a stop with another number of processes, with as many rows a step")
    func otherNumber() throws {
        let shop = try Workshop()
        // Long enough to be stopped before its end, with steps so small that rounding does not grow on the way.
        let rate = ["--learning-rate", "2e-5", "--warmup-ratio", "0.1"]
        func run(_ name: String, _ more: String...) throws -> Tool.Output {
            try Tool.run(command(shop, name, epochs: 60, "--batch-size", "2") + rate + more)
        }
        let whole = try run("whole", "--processes", "2")
        #expect(whole.status == 0, "\(whole.err)")
        // Stopped in the first epoch; the schedule is that of the whole run, so it is the whole run's checkpoint that
        // is taken.
        let running = try Tool.start(
            command(shop, "parts", epochs: 60, "--batch-size", "2", "--save-steps", "10", "--processes", "2") + rate)
        running.wait { $0.contains("step ") && $0.contains("loss") }
        running.send(SIGTERM)
        let stopped = try running.finish()
        #expect(stopped.status == 75, "\(stopped.err)")
        #expect(stopped.err.components(separatedBy: "continue with --resume").count == 2, "\(stopped.err)")
        let resumed = try run("parts", "--save-steps", "10", "--resume")
        #expect(resumed.status == 0, "\(resumed.err)")
        #expect(resumed.err.contains("processes (2, now 1)"), "\(resumed.err)")
        let far = try distance(shop, "whole", "parts")
        #expect(far < 2e-4)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    /// Starts one process of a team by the environment, as torchrun would.
    private func member(_ rank: Int, of size: Int, port: Int, _ arguments: [String]) throws -> Tool.Running {
        try Tool.start(
            arguments + ["--process-timeout", "4"],
            shell: "export RANK=\(rank) WORLD_SIZE=\(size) LOCAL_RANK=\(rank) MASTER_ADDR=127.0.0.1 MASTER_PORT=\(port)"
        )
    }

    /// A port that is free now.
    private func freePort() throws -> Int {
        try ProcessStore(host: "127.0.0.1", port: 0, role: .serverOnLoopback, timeout: 5).port
    }

    @Test(
        "ends with an error that names a process which was killed or hangs, and resumes", arguments: [SIGKILL, SIGSTOP])
    func gone(signal: Int32) throws {
        let shop = try Workshop()
        let arguments = command(shop, "run", epochs: 100_000, "--batch-size", "1", "--save-steps", "20")
        let port = try freePort()
        let team = try [0, 1].map { try member($0, of: 2, port: port, arguments) }
        team[0].wait { $0.contains("epoch 5 ") }
        team[1].send(signal)
        let start = Date()
        let first = try team[0].finish()
        #expect(-start.timeIntervalSinceNow < 40)
        #expect(first.status == 70, "\(first.err)")
        #expect(first.err.contains("the process with rank 1") && first.err.contains("does not answer"), "\(first.err)")
        team[1].send(SIGKILL)
        _ = try team[1].finish()
        let resumed = try Tool.start(arguments + ["--resume", "--processes", "2"])
        resumed.wait {
            $0.contains("going on after step") && $0.contains("best so far") || $0.contains("validation loss")
        }
        resumed.send(SIGTERM)
        #expect(try resumed.finish().status == 75)
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("says so when processes were started with different options, or one fails")
    func disagreement() throws {
        let shop = try Workshop()
        let port = try freePort()
        let team = [
            try member(0, of: 2, port: port, command(shop, "run")),
            try member(1, of: 2, port: port, command(shop, "run", "--seed", "7")),
        ]
        for running in team {
            let output = try running.finish()
            #expect(output.status == 64, "\(output.err)")
            #expect(output.err.contains("rank 1 was started with other options"), "\(output.err)")
        }
        // The directory holds a run, which only the process that writes finds out.
        #expect(try Tool.run(command(shop, "taken", "--max-steps", "1")).status == 0)
        let failed = try Tool.run(command(shop, "taken", "--processes", "2", "--process-timeout", "5"))
        #expect(failed.status == 74, "\(failed.err)")
        #expect(failed.err.components(separatedBy: "already holds a run").count == 2, "\(failed.err)")
        // The same where the process that fails is the one that serves the store: the other still learns why.
        let another = try freePort()
        let started = try [0, 1].map { try member($0, of: 2, port: another, command(shop, "taken")) }
        let outputs = try started.map { try $0.finish() }
        #expect(outputs[0].status == 74, "\(outputs[0].err)")
        #expect(outputs[1].status == 70, "\(outputs[1].err)")
        #expect(outputs[1].err.contains("the process with rank 0 ended: "), "\(outputs[1].err)")
        #expect(outputs[1].err.contains("already holds a run"), "\(outputs[1].err)")
        #expect(outputs.allSatisfy { !$0.err.contains("frame #") }, "c10d's log: \(outputs[1].err)")
        try FileManager.default.removeItem(atPath: shop.path)
    }

    @Test("refuses what cannot be, with a line")
    func refusals() throws {
        let shop = try Workshop()
        try Tool.run(command(shop, "run", "--processes", "0")).expectFailure(64, "--processes")
        let twice = try Tool.run(["train", "--model", "\(shop.path)/model", "--processes", "2"])
        twice.expectFailure(64, "--train-file is missing")
        #expect(twice.err.components(separatedBy: "bertqa train:").count == 2, "\(twice.err)")
        try Tool.run(command(shop, "run", "--process-timeout", "0")).expectFailure(64, "--process-timeout")
        try Tool.run(command(shop, "run"), shell: "export RANK=0 WORLD_SIZE=2").expectFailure(64, "MASTER_ADDR")
        try Tool.run(
            command(shop, "run", "--processes", "2"), shell: "export RANK=0 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1"
        ).expectFailure(64, "--processes")
        try Tool.run(
            command(shop, "run", "--process-timeout", "1"),
            shell: "export RANK=1 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=1"
        ).expectFailure(70, "rank 1 of 2", "127.0.0.1:1")
        try FileManager.default.removeItem(atPath: shop.path)
    }
}
