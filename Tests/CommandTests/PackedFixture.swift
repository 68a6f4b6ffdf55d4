import Checkpoints
import GraphInterpreter
import Testing

/// Rows that `Tools/make_parity_fixtures.py` and `Tools/make_family_fixtures.py` wrote one behind another, with what
/// transformers computes for them.
struct PackedFixture {
    private let file: SafetensorsFile
    /// Where each row begins, and the end.
    private let starts: [Int]

    init(path: String) throws {
        file = try SafetensorsFile(path: path)
        let count = try #require(file["ids"]?.shape.first)
        starts = file["row_starts"] == nil ? [0, count] : try Self.numbers("row_starts", of: file).map { Int($0) }
    }

    /// The numbers of a tensor.
    func numbers(_ name: String) throws -> [Double] { try Self.numbers(name, of: file) }

    private static func numbers(_ name: String, of file: SafetensorsFile) throws -> [Double] {
        let view = try #require(file[name], "\(name) is in the fixture")
        return view.withBytes { bytes in
            (0..<view.shape.reduce(1, *)).map { index in
                view.elementType == .int64
                    ? Double(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
                    : Double(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
            }
        }
    }

    private var rows: [Range<Int>] { zip(starts, starts.dropFirst()).map { $0..<$1 } }
    private var length: Int { rows.map(\.count).max() ?? 0 }

    /// The rows as the inputs of a graph, padded to the longest.
    func inputs(of graph: GraphInterpreter, padding: Int) throws -> [String: NumberArray] {
        let ids = try numbers("ids")
        let types = file["type_ids"] == nil ? ids.map { _ in 0 } : try numbers("type_ids")
        let padded = { (values: [Double], rest: Double) in
            NumberArray(
                [rows.count, length],
                rows.flatMap { row in values[row] + repeatElement(rest, count: length - row.count) })
        }
        let all = [
            "input_ids": padded(ids, Double(padding)), "attention_mask": padded(ids.map { _ in 1 }, 0),
            "token_type_ids": padded(types, 0),
        ]
        return all.filter { name, _ in graph.model.graph.input.contains { $0.name == name } }
    }

    /// What a graph gives for the tokens of the rows, without padding.
    func packed(_ output: NumberArray) -> [Double] {
        rows.enumerated().flatMap { number, row in output.numbers[(number * length)...].prefix(row.count) }
    }
}
