import Console
import StrictJSON
import Torch

/// What the last bits of numbers depend on, in addition to options and data.
package struct RunEnvironment {
    private let values: [(name: String, value: JSONValue)]

    /// The program, the library and the machine as they are now.
    package init(device: Device, processes: Int = 1) {
        values = [
            ("bertqa", .string(BertQA.version)), ("libtorch", .string(Runtime.version)),
            ("device", .string(device.rawValue)), ("threads", .int(Runtime.threads)), ("processes", .int(processes)),
            ("deterministic", .bool(Runtime.isDeterministic)),
            ("cpu_capability", .string(Runtime.cpuCapability)),
            ("cpu_multiplies_bfloat16", .bool(Runtime.cpuMultipliesBFloat16)),
        ]
    }

    /// For `run.json` and checkpoints.
    package var json: JSONValue { .object(JSONObject(values.map { ($0.name, $0.value) })) }

    /// The differences from the environment of a record, such as `threads (2, now 1)`; empty if the record has none.
    package func differences(from saved: JSONValue?) -> [String] {
        values.compactMap { name, value in
            guard let before = saved?[name], before.serialized() != value.serialized() else { return nil }
            return "\(name) (\(before.serialized()), now \(value.serialized()))"
        }
    }
}
