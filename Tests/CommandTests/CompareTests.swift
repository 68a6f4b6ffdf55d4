import Foundation
import StrictJSON
import Testing
import Workshop

@Suite("Comparing models")
struct CompareTests {
    @Test("puts scores side by side, tells what is beyond chance, and writes a page")
    func compare() throws {
        try withWorkshop { shop in
            _ = try Tool.run([
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json",
                "--validation-file",
                "\(shop.path)/train.json", "--output-dir", "\(shop.path)/run", "--max-length", "32", "--batch-size",
                "4",
                "--epochs", "100", "--learning-rate", "3e-3", "--threads", "1",
            ])
            let command = [
                "compare", "--data", "\(shop.path)/train.json", "--model", "\(shop.path)/run", "--model",
                "\(shop.path)/model", "--max-length", "32",
            ]
            let page = "\(shop.path)/report.html"
            let output = try Tool.run(command + ["--report", page, "--json"])
            #expect(output.status == 0, "\(output.err)")
            let result = try output.json()
            let models = try #require(result["models"]?.array)
            #expect(models.count == 2 && result["total"]?.int == 12)
            #if os(Linux)
                for model in models {
                    #expect(
                        try #require(model["peak_memory_bytes"]?.int) > #require(model["weight_bytes"]?.int))
                }
            #endif
            let f1 = models.map { $0["f1"]?.double ?? -1 }
            #expect(f1[0] > f1[1])
            let difference = try #require(result["differences"]?.array?.first)
            #expect(abs((difference["f1_difference"]?.double ?? 0) - (f1[0] - f1[1])) < 1e-9)
            #expect(difference["beyond_chance"]?.bool == true)
            let html = try String(contentsOfFile: page, encoding: .utf8)
            for part in ["<mark>", "Learning curve", "where", "1 word", "beyond chance"] {
                #expect(html.contains(part), "\(part)")
            }
            // Nothing is fetched: the only address is the name of SVG.
            let rest = html.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            #expect(!rest.contains("http:") && !rest.contains("https:") && !rest.contains("src="))
            #expect(try Tool.run(command).out.contains("questions/s"))
            try Tool.run(["compare", "--data", "\(shop.path)/train.json", "--model", "\(shop.path)/none"])
                .expectFailure(66, "none")
            try Tool.run(["compare", "--data", "\(shop.path)/train.json"]).expectFailure(64, "--model")
        }
    }
}
