import Foundation
import QAServer
import QuestionAnswering
import Synchronization
import Testing
import Workshop

/// A model whose batches wait for the test, which sees them.
private final class HeldReader: RowReader {
    private let reader: Reader
    private let batches = Mutex<[[Int]]>([])
    private let gates = Mutex<[Gate]>([])
    let failure: (any Error)?

    init(_ reader: Reader, failure: (any Error)? = nil) {
        self.reader = reader
        self.failure = failure
    }

    /// Tokens of the rows of each batch so far.
    var seen: [[Int]] { batches.withLock { $0 } }

    func read(_ rows: [QuestionRow]) async throws -> [RowReading] {
        let gate = Gate()
        batches.withLock { $0.append(rows.map(\.tokenCount)) }
        gates.withLock { $0.append(gate) }
        await gate.wait()
        if let failure { throw failure }
        return try await reader.read(rows)
    }

    /// Waits until a batch is being read.
    func waitForBatch(_ number: Int) async throws {
        for _ in 0..<2000 where seen.count < number { try await Task.sleep(for: .milliseconds(5)) }
        try #require(seen.count >= number, "batch \(number) never came")
    }

    func release(_ number: Int) async throws {
        try await waitForBatch(number)
        await gates.withLock { $0[number - 1] }.open()
    }
}

/// A model that takes a tenth of a millisecond for each token, and the tokens of its batches.
private final class SlowReader: RowReader {
    private let reader: Reader
    private let tokens = Mutex<[Int]>([])

    init(_ reader: Reader) { self.reader = reader }

    var seen: [Int] { tokens.withLock { $0 } }

    func read(_ rows: [QuestionRow]) async throws -> [RowReading] {
        let sum = rows.reduce(0) { $0 + $1.tokenCount }
        tokens.withLock { $0.append(sum) }
        try await Task.sleep(for: .microseconds(100 * sum))
        return try await reader.read(rows)
    }
}

@Suite("The batcher")
struct BatcherTests {
    @Test("what arrives while the model reads goes into one batch, up to the budget")
    func packing() async throws {
        try await withReader { reader in
            let held = HeldReader(reader)
            let batcher = Batcher(reader: held, tokenBudget: 40, delay: .zero, metrics: ServerMetrics())
            let questions = try (0..<6).map { _ in try question(reader, words: 5) }
            let length = questions[0].tokenCount
            async let first = batcher.readings(of: [questions[0]])
            try await held.waitForBatch(1)
            let others = questions[1...].map { question in Task { try await batcher.readings(of: [question]) } }
            try await waitUntil { await batcher.waitingRows == 5 }
            for number in 1...3 { try await held.release(number) }
            var all = [try await first]
            for task in others { all.append(try await task.value) }
            // Each of 12 tokens: three fit into 40.
            #expect(length == 12)
            #expect(held.seen.map(\.count) == [1, 3, 2])
            let alone = try await reader.answers([questions[0]])[0]
            for readings in all {
                #expect(reader.answers(to: questions[0], from: readings[0])[0].text == alone[0].text)
            }
        }
    }

    @Test("a text of many windows lets others pass, and all its windows are read")
    func fairness() async throws {
        try await withReader { reader in
            let held = HeldReader(reader)
            let batcher = Batcher(reader: held, tokenBudget: 96, delay: .zero, metrics: ServerMetrics())
            let long = try question(reader, words: 400)
            let short = try question(reader, words: 5)
            #expect(long.rowCount > 8)
            async let longReadings = batcher.readings(of: [long])
            try await held.waitForBatch(1)
            async let shortReadings = batcher.readings(of: [short])
            try await waitUntil { await batcher.waitingRows == long.rowCount - 2 + 1 }
            for number in 1...((long.rowCount + 2) / 2) { try await held.release(number) }
            _ = try await shortReadings
            // They take turns.
            #expect(held.seen[1] == [48, short.tokenCount])
            let readings = try await longReadings[0]
            #expect(readings.count == long.rowCount)
            let alone = try await reader.answers([long])[0]
            #expect(reader.answers(to: long, from: readings).map(\.range) == alone.map(\.range))
        }
    }

    @Test("a light request is in the next batch, however many heavy ones wait")
    func lightAmongHeavy() async throws {
        try await withReader { reader in
            let held = HeldReader(reader)
            let batcher = Batcher(reader: held, tokenBudget: 480, delay: .zero, metrics: ServerMetrics())
            let (heavy, light) = (try question(reader, words: 2000), try question(reader, words: 5))
            let first = Task { try await batcher.readings(of: [heavy]) }
            try await held.waitForBatch(1)
            let others = (0..<8).map { _ in Task { try await batcher.readings(of: [heavy]) } }
            try await waitUntil { await batcher.waitingRows == 9 * heavy.rowCount - 10 }
            let last = Task { try await batcher.readings(of: [light]) }
            try await waitUntil { await batcher.waitingRows == 9 * heavy.rowCount - 9 }
            for number in 1...2 { try await held.release(number) }
            _ = try await last.value
            #expect(held.seen.count <= 3)
            for task in [first] + others { task.cancel() }
            try await held.release(3)
            await batcher.finish()
            #expect(await batcher.waitingRows == 0)
        }
    }

    @Test("where a batch is one row, a light request is still next, and a heavy one is read beside many light ones")
    func turns() async throws {
        try await withReader { reader in
            let held = HeldReader(reader)
            let batcher = Batcher(reader: held, tokenBudget: 1, delay: .zero, metrics: ServerMetrics())
            let (heavy, light) = (try question(reader, words: 1200), try question(reader, words: 5))
            let heavies = (0..<4).map { _ in Task { try await batcher.readings(of: [heavy]) } }
            try await waitUntil { await batcher.waitingRows == 4 * heavy.rowCount - 1 }
            for number in 1...4 { try await held.release(number) }
            try await held.waitForBatch(5)
            // As many tokens as four heavy rows.
            let count = 4 * 48 / light.tokenCount
            let lights = (0..<count).map { _ in Task { try await batcher.readings(of: [light]) } }
            try await waitUntil { await batcher.waitingRows == 4 * heavy.rowCount - 5 + count }
            for number in 5..<(5 + count) { try await held.release(number) }
            try await held.waitForBatch(5 + count)
            let after = held.seen[5..<(5 + count)].map { $0[0] }
            #expect(after[0] == light.tokenCount)
            #expect(after.contains(48), "no heavy row was read beside \(count) light ones")
            for task in heavies + lights { task.cancel() }
            try await held.release(5 + count)
            await batcher.finish()
        }
    }

    @Test(
        "heavy requests get the tokens that the model reads in their time, but at least 512",
        arguments: [(Duration.milliseconds(10), 512), (.seconds(3600), 16_384)])
    func pace(longest: Duration, most: Int) async throws {
        try await withReader { reader in
            let slow = SlowReader(reader)
            let batcher = Batcher(
                reader: slow, tokenBudget: 16_384, heavyTime: longest, delay: .zero, metrics: ServerMetrics())
            let heavy = try question(reader, words: 2000)
            let tasks = (0..<3).map { _ in Task { try await batcher.readings(of: [heavy]) } }
            for task in tasks { #expect(try await task.value[0].count == heavy.rowCount) }
            // The first batch tells how fast the model is.
            #expect(slow.seen[0] <= 2048)
            #expect(slow.seen.dropFirst().allSatisfy { $0 <= most })
            let rest = slow.seen.reduce(0, +) - slow.seen[0]
            #expect(slow.seen.count - 1 <= (rest + most - 1) / (most - 48) + 1)
        }
    }

    @Test("requests that would let too many tokens wait are refused, never one that finds none waiting")
    func waitingTokens() async throws {
        try await withReader { reader in
            let held = HeldReader(reader)
            let question = try question(reader, words: 5)
            let batcher = Batcher(
                reader: held, tokenBudget: 1, waitingTokens: 2 * question.tokenCount, delay: .zero,
                metrics: ServerMetrics())
            let large = try self.question(reader, words: 30)
            let first = Task { try await batcher.readings(of: [large]) }
            try await held.waitForBatch(1)
            let others = (0..<2).map { _ in Task { try await batcher.readings(of: [question]) } }
            try await waitUntil { await batcher.waitingRows == 2 }
            await #expect(throws: APIError.self) { try await batcher.readings(of: [question]) }
            for number in 1...3 { try await held.release(number) }
            for task in [first] + others { _ = try await task.value }
        }
    }

    @Test("a cancelled request leaves the line without being read")
    func cancelling() async throws {
        try await withReader { reader in
            let held = HeldReader(reader)
            let batcher = Batcher(reader: held, tokenBudget: 1000, delay: .zero, metrics: ServerMetrics())
            let (one, two) = (try question(reader, words: 5), try question(reader, words: 9))
            async let first = batcher.readings(of: [one])
            try await held.waitForBatch(1)
            let second = Task { try await batcher.readings(of: [two]) }
            let third = Task { try await batcher.readings(of: [one]) }
            try await waitUntil { await batcher.waitingRows == 2 }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            #expect(await batcher.waitingRows == 1)
            for number in 1...2 { try await held.release(number) }
            _ = try await (first, third.value)
            #expect(held.seen == [[one.tokenCount], [one.tokenCount]])
        }
    }

    @Test("a failing model fails the requests of that batch, and the next are read")
    func failing() async throws {
        struct Failure: Error {}
        try await withReader { reader in
            let held = HeldReader(reader, failure: Failure())
            let batcher = Batcher(reader: held, tokenBudget: 1000, delay: .zero, metrics: ServerMetrics())
            let question = try question(reader, words: 5)
            for number in 1...2 {
                let task = Task { try await batcher.readings(of: [question]) }
                try await held.release(number)
                await #expect(throws: Failure.self) { try await task.value }
            }
        }
    }

    private func waitUntil(_ condition: () async -> Bool) async throws {
        for _ in 0..<2000 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("what was waited for never came")
    }

    /// "who ?" about a text of some words.
    private func question(_ reader: Reader, words: Int) throws -> PreparedQuestion {
        let text = Array(repeating: "rome", count: words).joined(separator: " ")
        return try reader.prepare("who lives in ?", about: reader.prepare(text))
    }

    private func withReader(_ body: (Reader) async throws -> Void) async throws {
        let shop = try Workshop()
        var options = ReaderOptions()
        (options.maxLength, options.precision, options.device) = (48, .fp32, .cpu)
        let reader = try await Reader.load("\(shop.path)/model", options: options)
        let result: Result<Void, any Error>
        do { result = .success(try await body(reader)) } catch { result = .failure(error) }
        try FileManager.default.removeItem(atPath: shop.path)
        try result.get()
    }
}
