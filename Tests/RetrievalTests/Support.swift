import Foundation
import Retrieval

/// A store in memory.
func makeStore(_ source: VectorSource? = nil) throws -> SQLiteStore {
    try SQLiteStore(path: nil, limits: StoreLimits(documents: .max, bytes: .max), source: source)
}

/// A document of one passage or more.
func document(_ id: String, _ text: String, title: String? = nil, vectors: [[Float]]? = nil) throws -> NewDocument {
    var document = NewDocument(id: try DocumentID(id), text: text, passages: Passage.split(text))
    (document.title, document.vectors) = (title, vectors)
    return document
}

/// Vectors of length 1 that a seed decides.
struct RandomVectors {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ width: Int) -> [Float] {
        let numbers = (0..<width).map { _ -> Float in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
        }
        let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return numbers.map { $0 / length }
    }
}

/// The cosine of two vectors of length 1.
func cosine(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
