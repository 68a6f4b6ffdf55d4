import Files
import FineTuning
import Foundation
import Scratch
import Testing

@Suite("Checkpoints")
struct CheckpointStoreTests {
    private let root: TemporaryDirectory
    private let store: CheckpointStore

    init() throws {
        root = try TemporaryDirectory()
        store = CheckpointStore(outputDirectory: root.path, kept: 2)
    }

    private func save(_ step: Int, _ text: String = "weights") throws {
        try store.save(step: step) { directory in
            try text.write(toFile: "\(directory)/model.safetensors", atomically: false, encoding: .utf8)
            try "{}".write(toFile: "\(directory)/state.json", atomically: false, encoding: .utf8)
        }
    }

    private func newest() throws -> (step: Int?, warnings: [String]) {
        var warnings: [String] = []
        let newest = try store.newestWhole { warnings.append($0) }
        return (newest?.step, warnings)
    }

    @Test("a checkpoint has a manifest, and only the newest are kept")
    func save() throws {
        #expect(try newest() == (nil, []))
        for step in [500, 1000, 1500] { try save(step) }
        #expect(try root.names("checkpoints") == ["step-00001000", "step-00001500"])
        #expect(try root.names("checkpoints/step-00001500") == ["manifest.json", "model.safetensors", "state.json"])
        #expect(try newest() == (1500, []))
    }

    @Test("the same step can be saved again")
    func again() throws {
        try save(500, "old")
        try save(500, "new")
        #expect(try root.names("checkpoints") == ["step-00000500"])
        let text = try String(contentsOfFile: "\(store.path(step: 500))/model.safetensors", encoding: .utf8)
        #expect(text == "new")
        #expect(try newest() == (500, []))
    }

    @Test(
        "a damaged checkpoint is passed over with a warning that names it",
        arguments: ["changed", "longer", "removed", "no manifest", "empty manifest", "manifest cut short"])
    func damaged(how: String) throws {
        try save(500)
        try save(1000)
        let path = "checkpoints/step-00001000"
        switch how {
        case "changed": try root.write("weighty", to: "\(path)/model.safetensors")
        case "longer": try root.write("weights and more", to: "\(path)/model.safetensors")
        case "removed": try FileManager.default.removeItem(atPath: "\(root.path)/\(path)/state.json")
        case "no manifest": try FileManager.default.removeItem(atPath: "\(root.path)/\(path)/manifest.json")
        case "empty manifest": try root.write("{\"files\": {}}", to: "\(path)/manifest.json")
        default: try root.write("{\"files\": {\"model", to: "\(path)/manifest.json")
        }
        let found = try newest()
        #expect(found.step == 500)
        #expect(found.warnings.count == 1)
        #expect(found.warnings.first?.contains("step-00001000") == true)
    }

    @Test("a checkpoint that a run left behind does not push out a newer save")
    func leftBehind() throws {
        try save(500)
        try save(1000)
        try root.write("torn", to: "checkpoints/step-00001000/model.safetensors")
        #expect(try newest().step == 500)
        try save(750)
        #expect(try root.names("checkpoints") == ["step-00000500", "step-00000750"])
        #expect(try newest() == (750, []))
    }

    @Test("a save that fails leaves what was there, and nothing half-made")
    func failure() throws {
        try save(500, "good")
        #expect(throws: FileError.self) {
            try store.save(step: 500) { directory in
                try "half".write(toFile: "\(directory)/model.safetensors", atomically: false, encoding: .utf8)
                throw Planned()
            }
        }
        #expect(try root.names("checkpoints") == ["step-00000500"])
        #expect(try newest() == (500, []))
    }

    @Test("what a killed run left is put right: the old checkpoint comes back, half-made ones go")
    func killed() throws {
        try save(500)
        // Killed between stepping aside and the rename of the new one, with another one half written.
        try FileManager.default.moveItem(
            atPath: store.path(step: 500), toPath: store.path(step: 500) + ".replaced")
        try FileManager.default.createDirectory(
            atPath: store.path(step: 1000) + ".partial", withIntermediateDirectories: true)
        #expect(try newest() == (500, []))
        try save(1500)
        #expect(try root.names("checkpoints") == ["step-00000500", "step-00001500"])
    }

    @Test("checkpoints that cannot be written say where")
    func unwritable() throws {
        try root.write("in the way", to: "checkpoints")
        let error = #expect(throws: FileError.self) { try save(1) }
        #expect(error?.path.hasSuffix("checkpoints") == true)
    }

    @Test("an output directory that was removed does not come back", arguments: [false, true])
    func removed(whileWriting: Bool) throws {
        let output = "\(root.path)/run"
        let store = CheckpointStore(outputDirectory: output, kept: 2)
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
        if !whileWriting { try FileManager.default.removeItem(atPath: output) }
        #expect(throws: FileError.self) {
            try store.save(step: 1) { _ in try FileManager.default.removeItem(atPath: output) }
        }
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
