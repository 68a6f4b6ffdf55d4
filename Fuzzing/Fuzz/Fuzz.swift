import Foundation
import FuzzedParsers

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// `bertqa-fuzz PARSER FILE ...` hands files to a parser; built by `Fuzzing/run.sh` with the fuzzer's instrumentation
/// it is libFuzzer with that parser, and takes its options.
@main
struct Fuzz {
    /// The parser under test and its scratch folder: libFuzzer calls back without a context.
    nonisolated(unsafe) private static var target: (parser: FuzzedParser, scratch: String)?

    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1, let parser = FuzzedParser.named(arguments.remove(at: 1)) else {
            let names = FuzzedParser.all.map(\.name).joined(separator: ", ")
            FileHandle.standardError.write(Data("usage: bertqa-fuzz PARSER FILE ...; there are \(names)\n".utf8))
            exit(64)
        }
        let scratch = "\(NSTemporaryDirectory())/bertqa-fuzz-\(parser.name)-\(getpid())"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        target = (parser, scratch)
        #if FUZZING
            exit(fuzz(arguments))
        #else
            for file in arguments.dropFirst() {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
                print(file, bytes.withUnsafeBytes { parser.parse($0, scratch: scratch) } ? "taken" : "refused")
            }
        #endif
    }

    /// What libFuzzer calls with each input.
    fileprivate static let callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32 = { bytes, count in
        guard let target = Fuzz.target else { return 0 }
        _ = target.parser.parse(UnsafeRawBufferPointer(start: bytes, count: count), scratch: target.scratch)
        return 0
    }
}

#if FUZZING
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(
        _ count: UnsafeMutablePointer<Int32>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
        _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
    ) -> Int32

    /// Runs libFuzzer with its own options until it ends.
    private func fuzz(_ arguments: [String]) -> Int32 {
        var count = Int32(arguments.count)
        // libFuzzer keeps the pointers for as long as the process lives.
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { list[index] = strdup(argument) }
        list[arguments.count] = nil
        var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = list
        return runDriver(&count, &pointer, Fuzz.callback)
    }
#endif
