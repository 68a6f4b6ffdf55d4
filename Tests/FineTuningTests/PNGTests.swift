import FineTuning
import Foundation
import StrictJSON
import Testing

/// - Source: the PNG specification and RFC 1951; what is read here, other programs show.
@Suite("The learning curve as PNG")
struct PNGTests {
    @Test("is whole, decodes to its pixels and shows each line in its colour")
    func picture() throws {
        let epochs = (1...3).map { epoch in
            """
            "epoch_\(epoch)": {"training_loss": \(3 / Double(epoch)), "valid_loss": \(2 / Double(epoch)),
            "valid_accuracy": 0.5, "exact_match": \(20 * epoch), "f1": \(30 * epoch), "training_seconds": 1,
            "valid_seconds": 1, "steps": \(epoch), "learning_rate": 1e-5, "examples_per_second": 1,
            "real_tokens_per_second": 1}
            """
        }
        let json = try JSONValue.parse(Array("{\(epochs.joined(separator: ","))}".utf8))
        let statistics = try TrainingStatistics(json: json, path: "training_stats.json")
        let file = Array(LearningCurve(statistics).png())
        #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let chunks = try chunks(file)
        #expect(chunks.map(\.name) == ["IHDR", "IDAT", "IEND"])
        let header = chunks[0].contents
        let (width, height) = (number(header, 0), number(header, 4))
        #expect(width == 1920 && height == 880 && Array(header[8...]) == [8, 2, 0, 0, 0])
        let rows = try inflate(Array(chunks[1].contents.dropFirst(2).dropLast(4)))
        #expect(rows.count == height * (3 * width + 1))
        #expect(number(chunks[1].contents, chunks[1].contents.count - 4) == adler32(rows))
        let colours = Set(pixels(rows, width: width, height: height))
        // White, and the lines of both losses and both scores.
        for colour in [0xFFFFFF, 0x52606D, 0xC2410C, 0x0F766E, 0x1D4ED8] { #expect(colours.contains(colour)) }
    }

    private func number(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }

    private func chunks(_ file: [UInt8]) throws -> [(name: String, contents: [UInt8])] {
        var result: [(name: String, contents: [UInt8])] = []
        var place = 8
        while place < file.count {
            let count = number(file, place)
            let body = Array(file[(place + 4)..<(place + 8 + count)])
            #expect(number(file, place + 8 + count) == crc32(body))
            result.append((String(decoding: body.prefix(4), as: UTF8.self), Array(body.dropFirst(4))))
            place += 12 + count
        }
        return result
    }

    private func crc32(_ bytes: [UInt8]) -> Int {
        var value = ~UInt32(0)
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        }
        return Int(~value)
    }

    private func adler32(_ bytes: [UInt8]) -> Int {
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }

    /// Decodes one block of deflate's fixed codes.
    private func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var bit = 0
        func next() -> Int {
            defer { bit += 1 }
            return Int(bytes[bit / 8] >> UInt8(bit % 8)) & 1
        }
        func bits(_ count: Int) -> Int { (0..<count).reduce(0) { $0 | next() << $1 } }
        func code(_ count: Int, after first: Int = 0) -> Int {
            (0..<count).reduce(first) { sum, _ in sum << 1 | next() }
        }
        func symbol() -> Int {
            let seven = code(7)
            if seven < 24 { return 256 + seven }
            let eight = code(1, after: seven)
            if eight < 0xC0 { return eight - 0x30 }
            return eight < 0xC8 ? 280 + eight - 0xC0 : 144 + code(1, after: eight) - 0x190
        }
        #expect(bits(1) == 1 && bits(2) == 1)
        let lengths = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131]
        let longer = [163, 195, 227, 258]
        var result: [UInt8] = []
        while true {
            let symbol = symbol()
            if symbol == 256 { return result }
            if symbol < 256 {
                result.append(UInt8(symbol))
                continue
            }
            let index = symbol - 257
            let extra = index < 8 || index == 28 ? 0 : (index - 4) / 4
            let length = (lengths + longer)[index] + bits(extra)
            try #require(code(5) == 0, "the distance is 1")
            result += repeatElement(try #require(result.last), count: length)
        }
    }

    private func pixels(_ rows: [UInt8], width: Int, height: Int) -> [Int] {
        var above = [UInt8](repeating: 0, count: 3 * width)
        var result: [Int] = []
        for row in 0..<height {
            let start = row * (3 * width + 1)
            #expect(rows[start] == 2)
            for column in 0..<(3 * width) { above[column] &+= rows[start + 1 + column] }
            for pixel in 0..<width {
                result.append(Int(above[3 * pixel]) << 16 | Int(above[3 * pixel + 1]) << 8 | Int(above[3 * pixel + 2]))
            }
        }
        return result
    }
}
