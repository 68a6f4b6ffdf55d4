/// Random numbers from a counter: the same everywhere for the same seed.
///
/// - Source: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195).
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// The numbers that follow from a seed.
    package init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var x = state
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
        return x ^ (x >> 31)
    }

    /// The next number between 0 and 1, 1 excluded.
    package mutating func nextShare() -> Double { Double(next() >> 11) * 0x1p-53 }
}
