import Files
import FineTuning
import Foundation
import Testing
import Workshop

@Suite(
    "A power failure", .serialized,
    .enabled(if: Faults.library != nil, "a C compiler builds the library that records calls, on Linux"))
struct PowerLossTests {
    /// Numbers that are the same in each run. - Source: SplitMix64, Steele and others, 2014.
    private struct Draws {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }

        mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    }

    /// A training with three checkpoints, recorded.
    private struct Recorded {
        let loss: PowerLoss
        let shop: Workshop
        let arguments: [String]

        init(_ shop: Workshop) throws {
            self.shop = shop
            arguments = [
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json",
                "--validation-fraction",
                "0", "--output-dir", "run", "--batch-size", "4", "--epochs", "2", "--save-steps", "2",
                "--keep-checkpoints",
                "1", "--max-length", "32", "--precision", "fp32", "--threads", "1", "--resume",
            ]
            let folder = "\(shop.path)/disk"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let output = try Tool.run(
                arguments, shell: try Faults(folder: folder).shell(["FAULTS_RECORD": "\(shop.path)/record"]))
            #expect(output.status == 0, "\(output.err)")
            loss = try PowerLoss(record: "\(shop.path)/record", root: folder)
        }

        /// The step of the newest checkpoint that was on the disk after a number of events.
        func durableStep(_ end: Int) -> Int? {
            let done = loss.durable.filter { $0.count <= end && $0.path.hasPrefix("run/checkpoints/step-") }
            return done.compactMap { Int($0.path.dropFirst("run/checkpoints/step-".count)) }.max()
        }

        /// Looks at the checkpoints of what is left after a cut.
        func check(_ end: Int, _ name: Comment, isKept: () -> Bool) throws {
            let folder = "\(shop.path)/cut"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try loss.write(upTo: end, to: folder, subfolder: "run/checkpoints", isKept: isKept)
            let store = CheckpointStore(outputDirectory: "\(folder)/run", kept: 1)
            let newest = try store.newestWhole(warn: { _ in })
            guard let durable = durableStep(end) else { return }
            let step = try #require(newest?.step, name)
            #expect(step >= durable, name)
        }
    }

    @Test("at any moment of a save, whatever it drops or reorders, leaves the newest checkpoint that was synced")
    func cuts() throws {
        try withWorkshop { shop in
            let recorded = try Recorded(shop)
            let count = recorded.loss.count
            #expect(recorded.durableStep(count) == 6 && count > 100)
            let stride = Faults.isComplete ? 1 : 7
            for end in Swift.stride(from: 0, through: count, by: stride) {
                try recorded.check(end, "all of the first \(end)", isKept: { true })
                try recorded.check(end, "what was synced of the first \(end)", isKept: { false })
            }
            var draws = Draws(state: 21)
            for _ in 0..<(Faults.isComplete ? 1000 : 150) {
                let (end, share) = (draws.below(count + 1), draws.below(100))
                try recorded.check(end, "\(share) of 100 of the first \(end)") { draws.below(100) < share }
            }
        }
    }

    @Test("is followed by a run that ends with the same model")
    func resumed() throws {
        try withWorkshop { shop in
            let recorded = try Recorded(shop)
            let model = "run/model.safetensors"
            let whole = FileManager.default.contents(atPath: "\(shop.path)/disk/\(model)")
            #expect(whole != nil)
            // The record is complete: all of it makes the folder that is there.
            try recorded.loss.write(upTo: recorded.loss.count, to: "\(shop.path)/all") { true }
            #expect(try names("\(shop.path)/all") == names("\(shop.path)/disk"))
            #expect(FileManager.default.contents(atPath: "\(shop.path)/all/\(model)") == whole)
            var draws = Draws(state: 22)
            for _ in 0..<(Faults.isComplete ? 100 : 8) {
                let (end, share) = (draws.below(recorded.loss.count + 1), draws.below(100))
                let folder = "\(shop.path)/cut"
                try recorded.loss.write(upTo: end, to: folder) { draws.below(100) < share }
                let output = try Tool.run(recorded.arguments, shell: "cd '\(folder)'")
                #expect(output.status == 0, "\(share) of 100 of the first \(end): \(output.err)")
                #expect(
                    FileManager.default.contents(atPath: "\(folder)/\(model)") == whole, "\(share) of 100 of \(end)")
                try FileManager.default.removeItem(atPath: folder)
            }
        }
    }

    private func names(_ folder: String) throws -> [String] {
        try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }.sorted()
    }
}
