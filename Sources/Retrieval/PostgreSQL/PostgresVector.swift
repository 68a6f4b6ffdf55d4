import Files

/// Vectors as bytes: 32-bit numbers, the lowest byte first.
enum PostgresVector {
    /// The bytes as hexadecimal digits.
    static func digits(_ vector: [Float]) -> String {
        vector.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) }.hexadecimal
    }

    /// The product of two vectors of length 1; 0 if one has other dimensions.
    static func cosine(_ bytes: [UInt8], _ vector: [Float]) -> Double {
        guard bytes.count == 4 * vector.count else { return 0 }
        var sum = 0.0
        bytes.withUnsafeBytes { bytes in
            for (index, number) in vector.enumerated() {
                let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
                sum += Double(Float(bitPattern: bits)) * Double(number)
            }
        }
        return sum
    }
}
