import BERT
import FineTuning
import QuestionAnswering
import Testing
import Torch
import Workshop

@Suite("The check of a loaded model")
struct LoadedDeviceCheckTests {
    private func check(
        _ shop: Workshop, use: ParameterUse, change: (QuestionAnsweringModel) throws -> Void = { _ in }
    ) throws -> [String] {
        let folder = "\(shop.path)/model"
        let loaded = try LoadedModel(directory: folder, use: use, precision: .fp32, device: .cpu)
        try change(loaded.model)
        var warnings: [String] = []
        try DeviceCheck.check(
            loaded.model, tokenizer: loaded.tokenizer, directory: ModelDirectory(path: folder), use: use, device: .cpu,
            headSeed: 42
        ) { warnings.append($0) }
        return warnings
    }

    private static func replaceWeight(_ model: QuestionAnsweringModel) throws {
        let weight = try #require(model.parameters["bert.encoder.layer.1.output.dense.weight"])
        try weight.assign(Tensor.normal(weight.shape, standardDeviation: 1, seed: 5))
    }

    @Test("a model that is what its files say passes, and one that became another is refused")
    func loaded() throws {
        try withWorkshop { shop in
            let warnings = try check(shop, use: .inference) + check(shop, use: .training)
            #expect(warnings.isEmpty)
            let error = #expect(throws: ReaderError.self) {
                try check(shop, use: .training, change: Self.replaceWeight)
            }
            #expect(error?.description.contains("`skip_device_check`") == true)
        }
    }

    @Test("weights that are not finite are left to the check that names them")
    func poisoned() throws {
        try withWorkshop { shop in
            try shop.poison()
            #expect(try check(shop, use: .training).isEmpty)
        }
    }
}
