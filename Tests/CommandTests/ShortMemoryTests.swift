import BERT
import Checkpoints
import Foundation
import StrictJSON
import Testing
import Workshop

#if os(Linux)
    @Suite("Training where memory is short")
    struct ShortMemoryTests {
        /// Rows of one step, in one pass: about 1.5 GB.
        private static let rows = 16384

        private func command(_ shop: Workshop, _ run: String, _ batch: Int) -> [String] {
            [
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/many.json", "--output-dir",
                "\(shop.path)/\(run)", "--max-length", "32", "--validation-fraction", "0", "--max-steps", "1",
                "--batch-size", "\(batch)", "--gradient-accumulation-steps", "\(Self.rows / batch)", "--precision",
                "fp32", "--threads", "1",
            ]
        }

        private func writeData(_ shop: Workshop) throws {
            let questions = (0..<Self.rows).map { number in
                """
                {"id": "\(number)", "question": "where does ada live?", "answers": [{"text": "rome", "answer_start": \
                25}]}
                """
            }
            let text = """
                {"data": [{"title": "t", "paragraphs": [{"context": "ada lives in the town of rome.", "qas": [\
                \(questions.joined(separator: ","))]}]}]}
                """
            try text.write(toFile: "\(shop.path)/many.json", atomically: false, encoding: .utf8)
        }

        /// CUDA's libraries take more address space than the limit leaves.
        private static let hasCUDA = FileManager.default.fileExists(
            atPath: URL(fileURLWithPath: Tool.path).deletingLastPathComponent().path + "/libtorch_cuda.so")

        @Test(
            "a step that it does not suffice for is taken with fewer rows a pass, and comes to the same",
            .enabled(if: !hasCUDA, "libtorch with CUDA needs more address space than the limit of this test"))
        func halved() throws {
            try withWorkshop { shop in
                try writeData(shop)
                let short = try Tool.run(command(shop, "short", Self.rows) + ["--json"], shell: "ulimit -v 1300000")
                #expect(short.status == 0, "\(short.err)")
                #expect(short.err.contains("warning: memory ran out in step 1"), "\(short.err)")
                #expect(try (1..<Self.rows).contains(short.json()["rows_per_pass"]?.int ?? 0))
                let small = try Tool.run(command(shop, "small", 1024))
                #expect(small.status == 0 && !small.err.contains("memory ran out"), "\(small.err)")
                let runs = try ["short", "small"].map {
                    try SafetensorsFile(path: "\(shop.path)/\($0)/model.safetensors")
                }
                for name in runs[0].names where !name.hasSuffix("self.key.bias") {
                    let sides = try runs.map { try #require($0[name]).tensor().array(of: Float.self) }
                    for (a, b) in zip(sides[0], sides[1]) { #expect(abs(a - b) < 1e-5, "\(name)") }
                }
            }
        }
    }
#endif
