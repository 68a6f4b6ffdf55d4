import Evaluating

/// The order in which rows are seen: a function of (seed, epoch), so that a resumed run needs no stored order.
package enum DataOrder {
    /// The numbers 0 ..< `count` in the order of that epoch.
    package static func permutation(count: Int, seed: UInt64, epoch: Int) -> [Int] {
        var mixer = SplitMix64(seed: seed)
        var generator = SplitMix64(seed: mixer.next() &+ UInt64(truncatingIfNeeded: epoch) &* 0xD1B5_4A32_D192_ED03)
        // Written out, since the standard library does not promise that `shuffled` stays the same.
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) {
            let (high, _) = generator.next().multipliedFullWidth(by: UInt64(index + 1))
            order.swapAt(index, Int(high))
        }
        return order
    }
}
