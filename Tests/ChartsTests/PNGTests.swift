import Charts
import CZlib
import Foundation
import Testing

/// - Source: the PNG specification.
@Suite("The learning curve as PNG")
struct PNGTests {
    @Test("is whole, decodes to its pixels and shows each line in its colour")
    func picture() throws {
        let epochs = (1...3).map { epoch in
            LearningCurve.Epoch(
                trainingLoss: 3 / Double(epoch), validationLoss: 2 / Double(epoch), exactMatch: 20 * Double(epoch),
                f1: 30 * Double(epoch))
        }
        let file = Array(LearningCurve(epochs: epochs, best: 3).png())
        #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let chunks = try chunks(file)
        #expect(chunks.map(\.name) == ["IHDR", "IDAT", "IEND"])
        let header = chunks[0].contents
        let (width, height) = (number(header, 0), number(header, 4))
        #expect(width == 1920 && height == 880 && Array(header[8...]) == [8, 2, 0, 0, 0])
        let size = height * (3 * width + 1)
        let rows = try inflated(chunks[1].contents, size: size + 1)
        #expect(rows.count == size)
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
            #expect(number(file, place + 8 + count) == Int(crc32(0, body, uInt(body.count))))
            result.append((String(decoding: body.prefix(4), as: UTF8.self), Array(body.dropFirst(4))))
            place += 12 + count
        }
        return result
    }

    private func inflated(_ bytes: [UInt8], size: Int) throws -> [UInt8] {
        var count = uLongf(size)
        var result = [UInt8](repeating: 0, count: size)
        try #require(uncompress(&result, &count, bytes, uLong(bytes.count)) == Z_OK)
        return Array(result.prefix(Int(count)))
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
