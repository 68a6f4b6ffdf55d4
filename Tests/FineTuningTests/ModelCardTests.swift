import Files
import FineTuning
import Foundation
import Scratch
import StrictJSON
import Testing

/// `Fixtures/card-*.json` has what huggingface_hub 1.33 reads of the front matter of the cards beside them:
/// `Tools/make_card_fixtures.py` writes it.
@Suite("The model card")
struct ModelCardTests {
    private static let statistics = """
        {"epoch_1": {"training_loss": 2.5, "valid_loss": 1.75, "valid_accuracy": 0.5, "exact_match": 70.25,
        "f1": 80.456, "training_seconds": 9, "valid_seconds": 1, "steps": 10, "learning_rate": 1e-5, \
        "examples_per_second": 20,
        "real_tokens_per_second": 3000},
        "epoch_2": {"training_loss": 1.5, "valid_loss": 1.8, "valid_accuracy": 0.5, "exact_match": 70, "f1": 80.4,
        "training_seconds": 9, "valid_seconds": 1, "steps": 20, "learning_rate": 0, "examples_per_second": 20,
        "real_tokens_per_second": 3000}}
        """
    private static let official = "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9"
    private static let cached =
        "/cache/models--google-bert--bert-base-cased/snapshots/" + String(repeating: "0a", count: 20)
    /// What would leave YAML, Markdown, a table, HTML or a shell's word, were it not escaped.
    private static let hostile = "no: \"x\"\n---\n# `y` | <b>*z*<b> $(id) 'q' \u{1F600}\u{2028}\u{202E}"

    /// A run's folder with its record.
    private func run(
        _ name: String, model: String = cached, train: String = "/data/train.json",
        validation: String? = "dev-v1.1.json", sha256: String = official, threshold: Double? = nil,
        _ body: (String) throws -> Void
    ) throws {
        let folder = try TemporaryDirectory()
        try withExtendedLifetime(folder) {
            let directory = "\(folder.path)/\(name)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            var data: [(String, JSONValue)] = [("train_file", ["path": .string(train), "sha256": "00"])]
            if let validation {
                data.append(("validation_file", ["path": .string(validation), "sha256": .string(sha256)]))
            }
            let record: JSONValue = [
                "command": ["bertqa", "train", "--train-file", .string(train)], "model": .string(model),
                "options": [
                    "max_length": 384, "truncation": "windows", "doc_stride": 128, "batch_size": 16, "epochs": 2,
                    "max_steps": .null, "learning_rate": .double(2e-5), "weight_decay": .string("a|b"), "seed": "42",
                    "precision": "bf16",
                    "validation_fraction": validation == nil ? .double(0.05) : .null, "split_by": "question",
                ],
                "data": .object(JSONObject(data)),
                "environment": ["bertqa": "0.1.0", "libtorch": "2.13.0", "device": "cpu"],
            ]
            try DurableFiles.write(record.serialized(), to: "\(directory)/run.json")
            try DurableFiles.write(Self.statistics, to: "\(directory)/training_stats.json")
            try DurableFiles.write("png", to: "\(directory)/learning_curve.png")
            let config: JSONValue = ["no_answer_threshold": threshold.map(JSONValue.double) ?? .null]
            try DurableFiles.write(config.serialized(), to: "\(directory)/config.json")
            try body(directory)
        }
    }

    private func fixture(_ name: String) throws -> String {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil))
        return try String(contentsOf: url, encoding: .utf8)
    }

    @Test("has what the hub reads, the kept epoch's scores, all epochs, the curve, and how to use the model")
    func whole() throws {
        try run("tower-reader") { directory in
            let card = try #require(try ModelCard(directory: directory)).text()
            #expect(card == (try fixture("card-plain.txt")))
            // A path says how somebody's folders are called.
            #expect(!card.contains("/data/"))
        }
        let read = try JSONValue.parse(Array(try fixture("card-plain.json").utf8))
        #expect(read["base_model"]?.string == "google-bert/bert-base-cased")
        #expect(read["model_name"]?.string == "tower-reader")
        #expect(read["eval_results"]?.array?.map { $0["metric_value"]?.double } == [70.25, 80.46])
        #expect(read["eval_results"]?.array?.first?["dataset_type"]?.string == "rajpurkar/squad")
    }

    @Test("keeps names that would leave YAML, Markdown, a table or a shell's word in their places")
    func hostile() throws {
        try run(
            "hostile", model: Self.hostile, train: Self.hostile, validation: Self.hostile, sha256: "01", threshold: 0.25
        ) { directory in
            let card = try #require(try ModelCard(directory: directory, name: Self.hostile)).text()
            #expect(card == (try fixture("card-hostile.txt")))
        }
        let read = try JSONValue.parse(Array(try fixture("card-hostile.json").utf8))
        #expect(read["model_name"]?.string == Self.hostile && read["base_model"] == nil && read["datasets"] == nil)
        #expect(read["eval_results"]?.array?.last?["dataset_name"]?.string == Self.hostile)
        #expect(read["eval_results"]?.array?.count == 2)
    }

    @Test("has the calibration error if the run measured it")
    func calibrated() throws {
        try run("run") { directory in
            let measured = Self.statistics.replacing(
                "\"f1\": 80.456,", with: "\"f1\": 80.456, \"calibration_error\": 0.0235,")
            try DurableFiles.write(measured, to: "\(directory)/training_stats.json")
            let card = try #require(try ModelCard(directory: directory)).text()
            #expect(card == (try fixture("card-calibrated.txt")))
        }
        let read = try JSONValue.parse(Array(try fixture("card-calibrated.json").utf8))
        let metrics = try #require(read["eval_results"]?.array)
        #expect(metrics.last?["metric_type"]?.string == "expected_calibration_error")
        #expect(metrics.map { $0["metric_value"]?.double } == [70.25, 80.46, 0.0235])
    }

    @Test("says which part of the questions was split off")
    func split() throws {
        try run("run", validation: nil) { directory in
            let card = try #require(try ModelCard(directory: directory)).text()
            #expect(card.contains("On 5.0 % of the questions of `train.json`, which were not trained on, it has"))
        }
    }

    @Test("says where the scores are of the questions that were trained on")
    func same() throws {
        try run("run", validation: "/other/train.json", sha256: "00") { directory in
            let card = try #require(try ModelCard(directory: directory)).text()
            #expect(card.contains("It was trained on the same questions: scores on others are lower."))
        }
    }

    @Test("of official files names dataset and language, of a run without validation no scores")
    func official() throws {
        try run("run") { directory in
            let record = try String(contentsOfFile: "\(directory)/run.json", encoding: .utf8)
            let official = "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955"
            #expect(record.contains("\"00\""))
            try DurableFiles.write(record.replacing("\"00\"", with: "\"\(official)\""), to: "\(directory)/run.json")
            let epoch =
                #"{"epoch_1": {"training_loss": 1, "training_seconds": 1, "steps": 1, "learning_rate": 0, "#
                + #""examples_per_second": 1, "real_tokens_per_second": 1}}"#
            try DurableFiles.write(epoch, to: "\(directory)/training_stats.json")
            unlink("\(directory)/learning_curve.png")
            let card = try #require(try ModelCard(directory: directory)).text()
            #expect(card.contains("datasets:\n- \"rajpurkar/squad\"\nlanguage:\n- en\n"))
            #expect(!card.contains("model-index") && !card.contains("exact match"))
            #expect(card.contains("| **1** (kept) | 1 |") && !card.contains("learning_curve"))
        }
    }

    @Test("is renewed as long as nobody has changed it")
    func ownership() throws {
        try run("run") { directory in
            let path = "\(directory)/README.md"
            func read() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
            try ModelCard.update(in: directory)
            let first = try read()
            #expect(first.contains("# run\n"))
            try ModelCard.update(in: directory, name: "owner/name")
            let second = try read()
            #expect(second.contains("# owner/name\n") && second.contains(#"from_pretrained("owner/name")"#))
            let changes = [
                "mine", "", second.replacing("## Limits", with: "## My limits"), second + "more\n",
                second.replacing("\n<!--", with: "\n<!-- "),
            ]
            for text in changes {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                try ModelCard.update(in: directory)
                #expect(try read() == text)
            }
            // A link leads to what is somebody's, too.
            try DurableFiles.write(first, to: "\(directory)/other.md")
            unlink(path)
            symlink("other.md", path)
            try ModelCard.update(in: directory, name: "owner/name")
            #expect(try read() == first)
        }
    }

    @Test("is not written into a folder without the record of a run, and names a record that is broken")
    func noRun() throws {
        try run("run") { directory in
            try DurableFiles.write("{", to: "\(directory)/run.json")
            let error = #expect(throws: FileError.self) { try ModelCard.update(in: directory) }
            #expect(error?.path == "\(directory)/run.json")
            unlink("\(directory)/run.json")
            try ModelCard.update(in: directory)
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/README.md"))
        }
    }
}
