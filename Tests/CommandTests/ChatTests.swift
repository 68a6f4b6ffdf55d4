import Foundation
import Testing
import Workshop

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Chat")
struct ChatTests {
    @Test("in a pipe each line is a question and each line of output its answer")
    func pipe() throws {
        try withWorkshop { shop in
            let text = "ada lives in the town of rome."
            try text.write(toFile: "\(shop.path)/text.txt", atomically: true, encoding: .utf8)
            let chat = ["chat", "--model", "\(shop.path)/model", "--context-file", "\(shop.path)/text.txt"]
            let output = try Tool.run(chat, input: "who lives in rome?\n\nwhere does ada live?")
            #expect(output.status == 0, "\(output.err)")
            let lines = output.out.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { text.contains($0) })
            let long = Array(repeating: "who", count: 100).joined(separator: " ")
            let partly = try Tool.run(chat, input: "\(long)\nwho lives in rome?\n")
            #expect(partly.status == 65)
            #expect(partly.out.split(separator: "\n").count == 1)
            #expect(partly.err.contains("tokens"))
            try Tool.run(["chat", "--model", "\(shop.path)/model"]).expectFailure(64, "--context-file")
        }
    }

    @Test("on a terminal lines can be edited, given up and brought back, and Ctrl-D leaves")
    func terminal() throws {
        try withWorkshop { shop in
            let terminal = try PseudoTerminal()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = ["chat", "--model", "\(shop.path)/model"]
            process.environment = ProcessInfo.processInfo.environment.merging(["OMP_WAIT_POLICY": "passive"]) { $1 }
            process.standardInput = terminal.user
            process.standardOutput = terminal.user
            process.standardError = terminal.user
            try process.run()
            try terminal.expect("> ")
            // Before there is a text a question gets advice.
            try terminal.type("who?\r", expecting: "there is no text yet")
            try terminal.type(":text\r", expecting: "paste the text")
            try terminal.type("ada lives in the town of rome.\r.\r", expecting: "ask a question")
            // "wha", backspace, "o", then the cursor home and back to the end.
            try terminal.type("wha\u{7F}o\u{1B}[H\u{5} lives in rome?\r", expecting: "score 0.")
            try terminal.type("nonsense\u{3}", expecting: "^C")
            try terminal.type(":top 3\r", expecting: "the 3 best answers")
            // Up twice: the question is the line before the last.
            try terminal.type("\u{1B}[A\u{1B}[A\r", expecting: "3. ")
            try terminal.type(":history\r", expecting: "who lives in rome?")
            try terminal.type(":nothing\r", expecting: "there is no command :nothing")
            try terminal.type(":load none.txt\r", expecting: "none.txt")
            try terminal.press("\u{4}")
            let deadline = Date().addingTimeInterval(60)
            while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
            if process.isRunning { process.terminate() }
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
        }
    }
}

/// A terminal whose keyboard and screen are the test's.
final class PseudoTerminal {
    /// The end that the program sees.
    let user: FileHandle
    private let master: Int32
    /// What it shows since keys were typed last.
    private(set) var screen = ""

    init() throws {
        var (ours, theirs): (Int32, Int32) = (-1, -1)
        try #require(openpty(&ours, &theirs, nil, nil, nil) == 0)
        master = ours
        user = FileHandle(fileDescriptor: theirs, closeOnDealloc: true)
    }

    deinit {
        close(master)
    }

    /// Presses keys.
    func press(_ keys: String) throws {
        let bytes = Array(keys.utf8)
        try #require(write(master, bytes, bytes.count) == bytes.count)
    }

    /// Presses keys and waits until the screen shows `text` behind what was there before.
    func type(_ keys: String, expecting text: String) throws {
        screen = ""
        try press(keys)
        try expect(text)
    }

    /// Waits at most a minute for `text` to be shown.
    func expect(_ text: String) throws {
        let deadline = Date().addingTimeInterval(60)
        while !screen.contains(text) {
            var wanted = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, 1000) > 0 else {
                try #require(Date() < deadline, "'\(text)' never came: \(screen)")
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(master, &buffer, buffer.count)
            try #require(count > 0, "'\(text)' never came: \(screen)")
            screen += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }
}
