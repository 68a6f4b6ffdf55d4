/// A number with a decimal point that has up to 19 digits: most of those in files. Reading it takes a division; the
/// general way goes through a string.
struct DecimalNumber {
    private let isNegative: Bool
    /// All digits.
    private let digits: UInt64
    /// The power of ten that the digits are divided by.
    private let divisor: UInt64

    /// - Parameter text: a number of JSON; the result is nil if it has an exponent or more digits.
    init?(_ text: UnsafeRawBufferPointer) {
        var digits: UInt64 = 0
        var divisor: UInt64 = 1
        var isNegative = false
        var count = 0
        var isFraction = false
        for byte in text {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case 0x30...0x39:
                count += 1
                if count > 19 { return nil }
                digits = digits * 10 + UInt64(byte - 0x30)
                if isFraction { divisor *= 10 }
            default: return nil
            }
        }
        self.isNegative = isNegative
        self.digits = digits
        self.divisor = divisor
    }

    /// The nearest double; of two that are equally near the one whose last bit is 0.
    var value: Double {
        guard digits > 0 else { return isNegative ? -0.0 : 0 }
        // Both shifted to their highest bit; the quotient then has 63 or 64 bits in front of a remainder.
        let (shift, divisorShift) = (digits.leadingZeroBitCount, divisor.leadingZeroBitCount)
        let dividend = digits << UInt64(shift)
        let (quotient, remainder) = (divisor << UInt64(divisorShift)).dividingFullWidth((dividend >> 1, dividend << 63))
        // What is left over only matters if it decides between two doubles: a last bit says that there is something.
        let rounded = Double(quotient | (remainder > 0 ? 1 : 0))
        let magnitude = Double(sign: .plus, exponent: divisorShift - shift - 63, significand: rounded)
        return isNegative ? -magnitude : magnitude
    }
}
