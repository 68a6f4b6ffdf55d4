import Foundation
import Testing
import Workshop

@Suite("Progress on a terminal")
struct ProgressLineTests {
    @Test("an error that ends a run begins on a line of its own, though a progress line was open")
    func error() throws {
        try withWorkshop { shop in
            let terminal = try PseudoTerminal()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Tool.path)
            process.arguments = [
                "train", "--model", "\(shop.path)/model", "--train-file", "\(shop.path)/train.json", "--output-dir",
                "\(shop.path)/run", "--max-length", "32", "--batch-size", "4", "--epochs", "100000", "--save-steps",
                "50",
                "--threads", "1", "--validation-fraction", "0",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = terminal.user
            try process.run()
            try terminal.expect("  step ")
            try FileManager.default.removeItem(atPath: "\(shop.path)/run")
            try terminal.expect("removed or replaced")
            process.waitUntilExit()
            #expect(process.terminationStatus == 74)
            #expect(terminal.screen.contains("\nbertqa train: --output-dir"), "\(terminal.screen.suffix(300))")
        }
    }
}
