import BERT
import Foundation
import Planning
import Scratch
import Testing
import Torch

@Suite("Planning a run")
struct PlanningTests {
    private static let room = 1 << 30

    private func model(
        _ precision: Precision = .bf16, layers: Int = 6, hidden: Int = 384, device: Device = .cpu,
        mapped: Int = 100 << 20
    ) -> MemoryModel {
        var config = EncoderConfig()
        (config.hiddenSize, config.layerCount, config.headCount) = (hidden, layers, 12)
        config.intermediateSize = 4 * hidden
        return MemoryModel(config: config, precision: precision, device: device, threads: 2, mapped: mapped)
    }

    private func batch(_ rows: Int, _ length: Int = 384) -> PlannedBatch {
        PlannedBatch(lengths: repeatElement(length, count: rows))
    }

    @Test(
        "sizes are numbers with a unit",
        arguments: [
            ("12GiB", 12 << 30), ("7.5 gib", 7 << 30 + 1 << 29), ("16GB", 16_000_000_000), (" 512 MiB ", 512 << 20),
            ("1kib", 1024), ("2KB", 2000), ("1TiB", 1 << 40),
        ])
    func sizes(_ text: String, _ bytes: Int) {
        #expect(MemorySize(text)?.bytes == bytes)
    }

    @Test(
        "what is no size is refused",
        arguments: [
            "", "12", "GiB", "-1GiB", "+1GiB", "0MiB", "1e3GB", "infGB", "0x10MB", "1.2.3GB", "1 GiBs", "9e99TiB",
        ])
    func noSizes(_ text: String) {
        #expect(MemorySize(text) == nil)
    }

    @Test("sizes are shown in MiB, large ones in GiB")
    func shown() {
        #expect(MemorySize(bytes: 871 << 20).description == "871 MiB")
        #expect(MemorySize(bytes: 12 << 30).description == "12.0 GiB")
    }

    @Test("the limits of control groups are found in both versions, those of the groups above too")
    func controlGroups() throws {
        let root = try TemporaryDirectory()
        func write(_ text: String, _ path: String) throws {
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: "\(root.path)/\(folder)", withIntermediateDirectories: true)
            try root.write(text, to: path)
        }
        #expect(MachineMemory.controlGroupLimits(root: root.path) == [])
        try write("5:cpu,memory:/old\n0::/outer/inner\n", "proc/self/cgroup")
        try write("max\n", "sys/fs/cgroup/outer/inner/memory.max")
        try write("3000\n", "sys/fs/cgroup/outer/memory.max")
        try write("5000\n", "sys/fs/cgroup/memory/old/memory.limit_in_bytes")
        #expect(MachineMemory.controlGroupLimits(root: root.path).sorted() == [3000, 5000])
        #expect(MachineMemory.limit.bytes > 1 << 20)
    }

    @Test("the largest batch is the one with the most tokens among those that the run's order makes")
    func largestBatch() {
        let lengths = (0..<97).map { 10 + $0 * 37 % 91 }
        let epochs = (0..<3).map { epoch in (0..<97).map { lengths[($0 * (5 + epoch)) % 97] } }
        let rows = PlannedRows(epochs: epochs)
        for size in [1, 4, 16, 97, 200] {
            var most = 0
            for order in epochs {
                for start in stride(from: 0, to: 97, by: size) {
                    most = max(most, order[start..<min(start + size, 97)].reduce(0, +))
                }
            }
            #expect(rows.largestBatch(of: size).tokens == most)
        }
        #expect(rows.count == 97)
        #expect(rows.tokens == lengths.reduce(0, +))
        let uniform = PlannedRows(maxLength: 128)
        #expect(uniform.largestBatch(of: 3).tokens == 384)
        #expect(uniform.count == nil)
    }

    @Test(
        "memory grows with the batch, the row's length and the model, and float32 takes no less than bfloat16",
        arguments: [false, true], [Device.cpu, .cuda])
    func monotonic(checkpointing: Bool, device: Device) {
        func bytes(_ model: MemoryModel, _ batch: PlannedBatch) -> Int {
            model.training(batch, checkpointing: checkpointing).total.bytes
        }
        let small = model(device: device)
        for rows in [1, 2, 7, 16, 63] {
            #expect(bytes(small, batch(rows)) <= bytes(small, batch(rows + 1)))
            #expect(bytes(small, batch(rows)) < bytes(model(layers: 12, device: device), batch(rows)))
            #expect(bytes(small, batch(rows)) < bytes(model(hidden: 768, device: device), batch(rows)))
            #expect(small.reading(batch(rows)).total.bytes < bytes(small, batch(rows)))
        }
        #expect(bytes(small, batch(16)) < bytes(small, batch(16, 512)))
        #expect(bytes(small, batch(16)) <= bytes(model(.fp32, device: device), batch(16)))
    }

    @Test("what libtorch itself takes counts, once")
    func mapped() {
        let more = 290 << 20
        for checkpointing in [false, true] {
            func bytes(_ mapped: Int) -> Int {
                model(mapped: mapped).training(batch(8), checkpointing: checkpointing).total.bytes
            }
            #expect(bytes((128 << 20) + more) - bytes(128 << 20) == more)
        }
        let (with, without) = (model(mapped: more), model(mapped: 0))
        #expect(with.reading(batch(8)).total.bytes - without.reading(batch(8)).total.bytes == more)
    }

    @Test("checkpointing saves nearly all of what layers keep once that is more than the gradients")
    func checkpointing() {
        let kept = model().training(batch(64), checkpointing: false).activations
        let again = model().training(batch(64), checkpointing: true).activations
        #expect(again * 2 < kept)
        #expect(again > 0)
    }

    @Test("what is said to fit fits, and a tenth more does not", arguments: [Precision.fp32, .bf16])
    func largestThatFits(precision: Precision) throws {
        let model = model(precision)
        let plan = TrainingPlan(
            model: model, rows: PlannedRows(maxLength: 384), memory: MemorySize(bytes: 3 * Self.room), batchSize: 16,
            checkpointing: false)
        let fits = { (size: Int, checkpointing: Bool) in
            plan.fits(model.training(batch(size), checkpointing: checkpointing).total)
        }
        let (without, with) = (try #require(plan.largest.training), try #require(plan.largest.checkpointed))
        #expect(fits(without, false) && !fits(without + max(1, without / 8), false))
        #expect(fits(with, true) && !fits(with + max(1, with / 8), true))
        #expect(with > without)
        #expect(plan.lines.map(\.batchSize) == plan.lines.indices.map { 1 << $0 })
        #expect(try !plan.fits(#require(plan.lines.last).checkpointed))
    }

    @Test("a wanted batch is divided into passes that fit; checkpointing comes last, where nothing else helps")
    func ways() throws {
        let (model, rows) = (model(.fp32), PlannedRows(maxLength: 512))
        func way(_ mebibytes: Int, _ size: Int, _ checkpointing: Bool = false) -> TrainingPlan.Division? {
            TrainingPlan(
                model: model, rows: rows, memory: MemorySize(bytes: mebibytes << 20), batchSize: size,
                checkpointing: checkpointing
            ).division
        }
        let roomy = try #require(way(16384, 32))
        #expect((roomy.batchSize, roomy.accumulation, roomy.checkpointing) == (32, 1, false))
        let tight = try #require(way(1600, 32))
        #expect(tight.batchSize < 32 && tight.batchSize * tight.accumulation == 32 && !tight.checkpointing)
        #expect(try #require(way(1600, 32, true)).batchSize > tight.batchSize)
        // Just enough for one row with checkpointing.
        let least = model.training(batch(1, 512), checkpointing: true).total.bytes
        #expect(least < model.training(batch(1, 512), checkpointing: false).total.bytes)
        #expect(try #require(way(((least * 10 / 9) >> 20) + 1, 4)).checkpointing)
        #expect(way(least >> 20, 4) == nil)
    }
}
