import Files
import FineTuning
import StrictJSON
import Testing

@Suite("Statistics")
struct StatisticsTests {
    @Test("the file has the contract's keys, times as h:mm:ss, and reads back equal")
    func file() throws {
        let statistics = try TrainingStatistics(losses: [(1.5, (1.25, 70.5, 80.25)), (1, nil)])
        let json = statistics.json()
        let epoch = try #require(json["epoch_1"])
        #expect(epoch["training_loss"]?.double == 1.5)
        #expect(epoch["valid_loss"]?.double == 1.25)
        #expect(epoch["valid_accuracy"]?.double == 0.625)
        #expect(epoch["training_time"]?.string == "0:51:17")
        #expect(epoch["valid_time"]?.string == "0:01:00")
        #expect(epoch["exact_match"]?.double == 70.5)
        #expect(epoch["f1"]?.double == 80.25)
        #expect(json["epoch_2"]?["valid_loss"] == nil)
        let text = Array(json.serialized(pretty: true).utf8)
        #expect(try TrainingStatistics(json: JSONValue.parse(text), path: "again") == statistics)
    }

    @Test(
        "a file of another shape is refused by name",
        arguments: ["[]", "{\"epoch_2\": {}}", "{\"epoch_1\": {\"training_loss\": \"low\"}}"])
    func refused(text: String) throws {
        let json = try JSONValue.parse(Array(text.utf8))
        let error = #expect(throws: FileError.self) { try TrainingStatistics(json: json, path: "run/stats.json") }
        #expect(error?.path == "run/stats.json")
    }

    @Test("the best epoch has the best F1, the first of equals")
    func best() throws {
        #expect(TrainingStatistics().bestEpoch == nil)
        #expect(try TrainingStatistics(losses: [(3, nil), (2, nil)]).bestEpoch == 2)
        let equal = try TrainingStatistics(losses: [(3, (1, 60, 70)), (2, (1.1, 61, 75)), (1, (1.2, 62, 75))])
        #expect(equal.bestEpoch == 2)
    }

    @Test("the verdict tells a run that went on too long from one that could go on")
    func verdict() throws {
        func verdict(_ f1: [Double]) throws -> String? {
            try TrainingStatistics(losses: f1.map { (1, (1, 50, $0)) }).verdict
        }
        #expect(try verdict([70, 80, 79])?.contains("epoch 2 was the best") == true)
        #expect(try verdict([70, 80])?.contains("more epochs may help") == true)
        #expect(try verdict([80, 80.1])?.contains("levelled off") == true)
        #expect(try verdict([80])?.contains("F1 80.00") == true)
        #expect(try TrainingStatistics(losses: [(1, nil)]).verdict == nil)
        let overfitting = try TrainingStatistics(losses: [(2, (1.5, 50, 70)), (1, (1.4, 50, 74)), (0.5, (1.6, 50, 75))])
        #expect(overfitting.verdict?.contains("it overfits since epoch 3") == true)
        let learning = try TrainingStatistics(losses: [(2, (1.5, 50, 70)), (1, (1.4, 50, 74))])
        #expect(learning.verdict?.contains("it does not overfit") == true)
    }

    @Test("throughput leaves out the first two steps")
    func throughput() {
        var throughput = Throughput()
        throughput.add(examples: 16, tokens: 2000, seconds: 30)
        throughput.add(examples: 16, tokens: 2000, seconds: 30)
        #expect(throughput.examplesPerSecond == 0)
        throughput.add(examples: 16, tokens: 2400, seconds: 1)
        throughput.add(examples: 8, tokens: 1200, seconds: 0.5)
        #expect(throughput.steps == 2)
        #expect(throughput.examplesPerSecond == 16)
        #expect(throughput.tokensPerSecond == 2400)
    }
}
