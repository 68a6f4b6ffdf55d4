/// Zip archives of uncompressed entries, as far as the tests need them.
enum Zip {
    /// An archive of these entries.
    ///
    /// - Parameter isStacked: whether the directory says of all entries that they are the first one.
    static func archive(_ entries: [String: [UInt8]], isStacked: Bool = false) -> [UInt8] {
        var (data, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in entries.sorted(by: { $0.key < $1.key }) {
            let fields = number(checksum(bytes), 4) + number(bytes.count, 4) + number(bytes.count, 4)
            let names = number(name.utf8.count, 2) + number(0, 2)
            directory += number(0x0201_4b50, 4) + number(0, 12) + fields + names + number(0, 10)
            directory += number(isStacked ? 0 : data.count, 4) + Array(name.utf8)
            data += number(0x0403_4b50, 4) + number(0, 10) + fields + names + Array(name.utf8) + bytes
        }
        let counts = number(entries.count, 2) + number(entries.count, 2) + number(directory.count, 4)
        return data + directory + number(0x0605_4b50, 4) + number(0, 4) + counts + number(data.count, 4) + number(0, 2)
    }

    /// The entries of an archive without Zip64 records, through its local headers.
    static func entries(_ bytes: [UInt8]) throws -> [String: [UInt8]] {
        func value(_ place: Int, _ width: Int) -> Int {
            bytes[place..<(place + width)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let end = bytes.count - 22
        var place = value(end + 16, 4)
        var result: [String: [UInt8]] = [:]
        for _ in 0..<value(end + 10, 2) {
            let (size, names, header) = (value(place + 24, 4), value(place + 28, 2), value(place + 42, 4))
            let name = String(decoding: bytes[(place + 46)..<(place + 46 + names)], as: UTF8.self)
            let begin = header + 30 + value(header + 26, 2) + value(header + 28, 2)
            result[name] = Array(bytes[begin..<(begin + size)])
            place += 46 + names + value(place + 30, 2) + value(place + 32, 2)
        }
        return result
    }

    private static func number(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
    }

    private static func checksum(_ bytes: [UInt8]) -> Int {
        var value = ~UInt32(0)
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        }
        return Int(~value)
    }
}
