import Foundation
import StrictJSON
import Testing
import Torch
import Workshop

@Suite("int8 from the command line", .enabled(if: Runtime.cpuMultipliesInt8, "this CPU has no AVX512-VNNI"))
struct QuantizeTests {
    @Test("is refused until its cost is measured, allowed then, and refused again for other weights")
    func measured() throws {
        try withWorkshop { shop in
            let data = "\(shop.path)/train.json"
            let ask = [
                "ask", "--model", "\(shop.path)/model", "--question", "where does ada live?", "--context",
                "ada lives in the town of rome.", "--json", "--precision", "int8",
            ]
            try Tool.run(ask).expectFailure(65, "bertqa quantize")
            let model = ["--model", "\(shop.path)/model", "--data", data, "--max-length", "32", "--precision", "int8"]
            for command in [["evaluate"], ["compare"], ["predict", "--output", "\(shop.path)/none.json"]] {
                try Tool.run(command + model).expectFailure(65, "has not been measured", "bertqa quantize")
            }
            let quantize = [
                "quantize", "--model", "\(shop.path)/model", "--data", data, "--max-length", "32", "--json",
            ]
            let output = try Tool.run(quantize + ["--max-drop", "100"])
            #expect(output.status == 0, "\(output.err)")
            let cost = try output.json()
            let (f1, int8F1) = (try #require(cost["f1"]?.double), try #require(cost["int8_f1"]?.double))
            #expect(cost["f1_drop"]?.double == f1 - int8F1)
            #expect(try Tool.run(ask).json()["answer"]?.string?.isEmpty == false)
            let predictions = "\(shop.path)/answers.json"
            let predict = try Tool.run([
                "predict", "--model", "\(shop.path)/model", "--data", data, "--output", predictions, "--max-length",
                "32",
                "--precision", "int8",
            ])
            #expect(predict.status == 0, "\(predict.err)")
            let score = try Tool.run(["score", "--data", data, "--predictions", predictions, "--json"]).json()
            #expect(score["f1"]?.double == int8F1)
            try shop.poison()
            try Tool.run(ask).expectFailure(65, "have changed")
        }
    }

    @Test("is not for training, and stays forbidden without a sensible limit")
    func refused() throws {
        try withWorkshop { shop in
            let data = "\(shop.path)/train.json"
            let train = [
                "train", "--model", "\(shop.path)/model", "--train-file", data, "--output-dir", "\(shop.path)/run",
                "--max-length", "32", "--precision", "int8",
            ]
            try Tool.run(train).expectFailure(64, "int8 is for answering")
            try Tool.run(["quantize", "--model", "\(shop.path)/model", "--data", data, "--max-drop", "-1"])
                .expectFailure(64, "--max-drop")
            #expect(!FileManager.default.fileExists(atPath: "\(shop.path)/model/int8.json"))
        }
    }
}
