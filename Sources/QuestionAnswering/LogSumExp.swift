import Foundation

/// Sums of exponentials that neither overflow nor need all terms at once.
struct LogSumExp: Sendable {
    private var most = -Float.infinity
    private var sum: Float = 0

    mutating func add(_ x: Float) {
        if x > most {
            sum = sum * exp(most - x) + 1
            most = x
        } else {
            sum += exp(x - most)
        }
    }

    /// Adds all terms of another sum.
    mutating func add(_ other: LogSumExp) {
        guard other.sum > 0 else { return }
        if other.most > most {
            sum = sum * exp(most - other.most) + other.sum
            most = other.most
        } else {
            sum += other.sum * exp(other.most - most)
        }
    }

    var value: Float { most + log(sum) }
}
