import Foundation
import QuestionAnswering
import SQuAD
import Testing
import Workshop

@Suite("The record of what int8 costs")
struct QuantizationRecordTests {
    private func scores(_ f1: Double) -> Scores { Scores(exactMatch: f1 - 10, f1: f1, total: 12, missing: 0) }

    @Test("is written where F1 drops little, read again, and belongs to the weights it was made for")
    func record() throws {
        try withWorkshop { shop in
            let model = "\(shop.path)/model"
            let record = try QuantizationRecord(
                directory: model, data: "\(shop.path)/train.json", fp32: scores(80), int8: scores(79.5))
            #expect(record.drop == 0.5)
            #expect(throws: ReaderError.self) { try record.write(to: model, limit: 0.4) }
            #expect(throws: ReaderError.self) { try QuantizationRecord(directory: model) }
            try record.write(to: model, limit: 0.5)
            let again = try QuantizationRecord(directory: model)
            #expect(again == record)
            try QuantizationRecord.check(model)
            try shop.poison()
            #expect(throws: ReaderError.self) { try QuantizationRecord.check(model) }
            try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(model)/int8.json"))
            let refusal = #expect(throws: ReaderError.self) { try QuantizationRecord(directory: model) }
            #expect(refusal?.description.contains("int8.json") == true)
        }
    }
}
