import Console
import Foundation
import Hub
import Planning
import StrictJSON
import Torch

/// What a bug report needs to say about the program, the machine and the settings.
struct EnvironmentReport {
    private let sections: [(name: String, values: [(name: String, value: JSONValue)])]

    /// The program, the machine and the settings as they are now.
    init() {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? NSHomeDirectory()
        sections = [
            ("program", Self.program), ("machine", Self.machine()), ("gpu", Self.gpu()),
            ("folders", Self.folders(environment)),
            ("variables", ReportedVariables.of(environment).map { ($0.name, .string($0.value)) }),
        ].map { section in
            (section.0, section.1.map { ($0.0, Self.withoutHome($0.1, home)) })
        }
    }

    /// One object with an object for each section.
    var json: JSONValue {
        .object(JSONObject(sections.map { ($0.name, .object(JSONObject($0.values.map { ($0.name, $0.value) }))) }))
    }

    /// A line for each value, below the name of its section.
    var text: String {
        sections.map { section in
            let width = section.values.map(\.name.count).max() ?? 0
            let lines = section.values.map { name, value in
                "  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(Self.shown(value))"
            }
            return ([section.name] + (lines.isEmpty ? ["  none"] : lines)).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "yes" : "no"
        case .null: "unknown"
        case .array(let values): values.isEmpty ? "none" : values.map(shown).joined(separator: " ")
        default: value.serialized()
        }
    }

    private static var program: [(name: String, value: JSONValue)] {
        [
            ("version", .string(BertQA.version)), ("commit", text(Installation.commit)),
            ("file", text(Bundle.main.executablePath)), ("libtorch", .string(Runtime.version)),
            ("libtorch_file", text(Machine.loadedLibrary("libtorch_cpu."))),
            ("swift_runtime", text(Machine.loadedLibrary("libswiftCore."))),
        ]
    }

    private static func machine() -> [(name: String, value: JSONValue)] {
        let (machine, process) = (Machine(), ProcessInfo.processInfo)
        return [
            ("system", .string(machine.system)), ("processor", text(machine.processor)),
            ("processor_model", text(machine.processorModel)),
            ("instruction_sets", .array(machine.instructionSets.map { .string($0) })),
            ("kernels", .string(Runtime.cpuCapability)),
            ("multiplies_bfloat16", .bool(Runtime.cpuMultipliesBFloat16)),
            ("multiplies_int8", .bool(Runtime.cpuMultipliesInt8)), ("cores", .int(process.processorCount)),
            ("usable_cores", .int(process.activeProcessorCount)), ("threads", .int(Runtime.threads)),
            ("memory", .string("\(MemorySize(bytes: Int(clamping: process.physicalMemory)))")),
            ("usable_memory", .string("\(MachineMemory.limit)")),
        ]
    }

    private static func gpu() -> [(name: String, value: JSONValue)] {
        let machine = Machine()
        return [
            ("nvidia_driver", machine.driver.map { .string($0) } ?? .string("none")),
            ("nvidia_gpus", .array(machine.gpus.map { .string($0) })), ("cuda", .bool(Device.cuda.isAvailable)),
            ("fused_kernels", .string(Device.cuda.fusedKernels)),
            ("mps", .bool(Device.mps.isAvailable)),
        ]
    }

    private static func folders(_ environment: [String: String]) -> [(name: String, value: JSONValue)] {
        [
            ("hub_cache", .string(HubSettings(environment: environment).cache)),
            ("datasets", .string(SQuADFiles(environment: environment).folder)),
            ("documents", .string(ServeDatabase.defaultPath)), ("temporary", .string(NSTemporaryDirectory())),
        ]
    }

    private static func text(_ text: String?) -> JSONValue {
        text.flatMap { $0.isEmpty ? nil : .string($0) } ?? .null
    }

    /// A path below the user's home folder with `~` for it: the name of a user is nobody else's business.
    private static func withoutHome(_ value: JSONValue, _ home: String) -> JSONValue {
        guard case .string(let text) = value, home.count > 1 else { return value }
        return .string(text.replacingOccurrences(of: home, with: "~"))
    }
}
