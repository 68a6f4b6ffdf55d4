import StrictJSON
import Torch

/// What the last bits of a run's numbers depend on besides its options and its data.
struct RunEnvironment {
    private let values: [(name: String, value: JSONValue)]

    /// The program, the library and the machine as they are now.
    init(device: Device, processes: Int = 1) {
        values = [
            ("bertqa", .string(BertQA.version)), ("libtorch", .string(Runtime.version)),
            ("device", .string(device.rawValue)), ("threads", .int(Runtime.threads)), ("processes", .int(processes)),
            ("deterministic", .bool(Runtime.isDeterministic)),
            ("cpu_capability", .string(Runtime.cpuCapability)),
            ("cpu_multiplies_bfloat16", .bool(Runtime.cpuMultipliesBFloat16)),
        ]
    }

    /// For `run.json` and checkpoints.
    var json: JSONValue { .object(JSONObject(values.map { ($0.name, $0.value) })) }

    /// What was otherwise when a checkpoint was written, such as `threads (2, now 1)`; empty for checkpoints that don't say.
    func differences(from saved: JSONValue?) -> [String] {
        values.compactMap { name, value in
            guard let before = saved?[name], before.serialized() != value.serialized() else { return nil }
            return "\(name) (\(before.serialized()), now \(value.serialized()))"
        }
    }
}
