import Retrieval

extension Passage {
    /// Where it begins in the given unit.
    func start(_ unit: OffsetUnit) -> Int {
        switch unit {
        case .utf8: bytes.lowerBound
        case .unicode: scalarStart
        case .utf16: utf16Start
        }
    }
}
