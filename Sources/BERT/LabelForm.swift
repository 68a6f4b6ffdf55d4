/// How the labels of a recorded pass are kept.
package enum LabelForm: Sendable, Hashable {
    /// First and last token of each row's answer.
    case places
    /// Two numbers a token, for labels that are smoothed or several places.
    case marks
    /// The same, and the shares of a teacher in the same way.
    case marksAndShares

    /// Arrays of two numbers a token.
    var arrays: Int {
        switch self {
        case .places: 0
        case .marks: 1
        case .marksAndShares: 2
        }
    }
}
