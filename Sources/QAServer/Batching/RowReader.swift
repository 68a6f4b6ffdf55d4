import QuestionAnswering

/// Something that reads rows; the model, or a stand-in for it in tests.
package protocol RowReader: Sendable {
    /// Reads rows in one pass, and returns what the model makes of each, in their order.
    func read(_ rows: [QuestionRow]) async throws -> [RowReading]
}

extension Reader: RowReader {}
