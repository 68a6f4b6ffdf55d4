import Evaluating
import QuestionAnswering
import Testing

import FineTuning

@Suite("Processes that train together")
struct ProcessPlaceTests {
    private static let torchrun = [
        "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29400",
        "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
    ]

    @Test("find their place in what torchrun, PyTorchJob and srun set")
    func places() throws {
        #expect(
            try ProcessPlace(environment: Self.torchrun)
                == ProcessPlace(
                    rank: 3, size: 4, localRank: 1, host: "10.0.0.1", port: 29400, storeIsServed: true, attempt: "2"))
        let job = Self.torchrun.filter { !$0.key.hasPrefix("TORCHELASTIC") && $0.key != "LOCAL_RANK" }
        #expect(
            try ProcessPlace(environment: job)
                == ProcessPlace(rank: 3, size: 4, localRank: 0, host: "10.0.0.1", port: 29400))
        let slurm = [
            "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_LOCALID": "1",
            "MASTER_ADDR": "n1",
        ]
        #expect(
            try ProcessPlace(environment: slurm)
                == ProcessPlace(rank: 1, size: 2, localRank: 1, host: "n1", port: 29500))
    }

    @Test("are on one machine only where the launcher says so and the store's address is the loopback")
    func oneMachine() throws {
        func place(_ more: [String: String]) throws -> ProcessPlace? {
            let job = Self.torchrun.filter { !$0.key.hasPrefix("TORCHELASTIC") }
            return try ProcessPlace(environment: job.merging(more) { $1 })
        }
        let local = ["LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1"]
        #expect(try place(local)?.isOneMachine == true)
        #expect(try place(local.merging(["MASTER_ADDR": "localhost"]) { $1 })?.isOneMachine == true)
        #expect(try place(local.merging(["MASTER_ADDR": "10.0.0.1"]) { $1 })?.isOneMachine == false)
        #expect(try place(local.merging(["LOCAL_WORLD_SIZE": "2"]) { $1 })?.isOneMachine == false)
        // A master that was told "localhost", though others come from elsewhere.
        #expect(try place(["MASTER_ADDR": "localhost"])?.isOneMachine == false)
        let slurm = [
            "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NUM_NODES": "1",
            "MASTER_ADDR": "localhost",
        ]
        #expect(try ProcessPlace(environment: slurm)?.isOneMachine == true)
    }

    @Test("keep their keys apart by what only they know and by the attempt")
    func keys() throws {
        var environment = Self.torchrun
        let open = try ProcessPlace(environment: environment)?.storePrefix
        environment[ProcessPlace.secretVariable] = "8f1c"
        let secret = try ProcessPlace(environment: environment)?.storePrefix
        environment["TORCHELASTIC_RESTART_COUNT"] = "3"
        let again = try ProcessPlace(environment: environment)?.storePrefix
        #expect(secret?.contains("8f1c") == true)
        #expect(Set([open, secret, again]).count == 3)
    }

    @Test("one alone has none")
    func alone() throws {
        #expect(try ProcessPlace(environment: [:]) == nil)
        #expect(try ProcessPlace(environment: ["RANK": "0", "WORLD_SIZE": "1"]) == nil)
        // A batch script outside srun.
        #expect(try ProcessPlace(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "4"]) == nil)
    }

    @Test(
        "what is missing or wrong is named",
        arguments: [
            ("RANK", "4"), ("RANK", "-1"), ("RANK", "x"), ("WORLD_SIZE", "0"), ("WORLD_SIZE", ""), ("LOCAL_RANK", "4"),
            ("MASTER_PORT", "0"), ("MASTER_PORT", "70000"), ("MASTER_ADDR", ""), ("RANK", nil), ("WORLD_SIZE", nil),
            ("MASTER_ADDR", nil),
        ] as [(String, String?)])
    func wrong(name: String, value: String?) throws {
        var environment = Self.torchrun
        environment[name] = value
        do {
            _ = try ProcessPlace(environment: environment)
            Issue.record("\(name)=\(value ?? "nil") was taken")
        } catch {
            #expect("\(error)".contains(name))
        }
    }

    @Test(
        "get a step's rows so that each row is dealt once, in order, and tokens are level", arguments: [1, 2, 3, 4, 7])
    func dealing(processes: Int) {
        var generator = SplitMix64(seed: UInt64(processes))
        for count in [0, 1, 2, 5, 16, 64] {
            let lengths = (0..<100).map { _ in Int.random(in: 20...384, using: &generator) }
            let rows = Array((0..<100).shuffled(using: &generator).prefix(count))
            let parts = RowDealing.deal(rows[...], to: processes) { lengths[$0] }
            #expect(parts.count == processes)
            #expect(parts.flatMap(\.self).sorted() == rows.sorted())
            for part in parts {
                let places = part.map { rows.firstIndex(of: $0) ?? -1 }
                #expect(places == places.sorted())
                #expect((count / processes...(count / processes + 1)).contains(part.count))
            }
            let tokens = parts.map { $0.reduce(0) { $0 + lengths[$1] } }
            if count == 64 {
                let (least, most) = (tokens.min() ?? 0, tokens.max() ?? 0)
                // Where every process gets as many rows, what differs is less than one long row.
                if count % processes == 0 { #expect(most - least < 384, "\(tokens)") }
            }
        }
    }

    @Test("read what another made of its part of a validation")
    func reading() throws {
        let candidate = Candidate(range: 3..<9, logit: 1.25, probability: 0.1)
        var first = ValidationReading(
            predictions: [
                4: Prediction(candidates: [candidate], noAnswerProbability: 1.0 / 3),
                5: Prediction(candidates: [], noAnswerProbability: 1),
            ], loss: SpanLoss())
        (first.loss.loss, first.loss.accuracy, first.loss.rows) = (2, 0.5, 3)
        let again = try #require(ValidationReading(numbers: first.numbers))
        #expect(again.predictions == first.predictions)
        var second = ValidationReading(
            predictions: [0: Prediction(candidates: [], noAnswerProbability: 0)], loss: SpanLoss())
        (second.loss.loss, second.loss.accuracy, second.loss.rows) = (6, 1, 1)
        let both = ValidationReading([again, second])
        #expect(both.predictions.keys.sorted() == [0, 4, 5])
        #expect(both.loss.loss == 3 && both.loss.accuracy == 0.625 && both.loss.rows == 4)
        #expect(ValidationReading(numbers: Array(first.numbers.dropLast())) == nil)
    }
}
