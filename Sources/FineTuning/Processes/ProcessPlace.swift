/// A process's place among those that train together, from the environment that its launcher set.
///
/// torchrun, Kubernetes' PyTorchJob and `bertqa train --processes` set RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and
/// MASTER_PORT; Slurm's srun sets names of its own for the first three.
/// - Source: https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables
package struct ProcessPlace: Sendable, Hashable {
    /// This process's number, from 0.
    package let rank: Int
    /// The number of processes.
    package let size: Int
    /// Its number among those on the same machine, from 0, which is also the number of its GPU.
    package let localRank: Int
    /// The machine that serves the store by which the processes find each other.
    package let host: String
    /// The store's port.
    package let port: Int
    /// Whether the launcher serves the store; otherwise the process with rank 0 does.
    package let storeIsServed: Bool
    /// How often the processes were restarted, so that a new start finds no keys of the one before.
    package let attempt: String
    /// Whether all processes are on this machine and reach the store by its loopback address.
    package let isOneMachine: Bool
    /// A text that only these processes know, part of every key in the store; empty if none was set.
    package let secret: String

    /// The variable that holds `secret`. It is passed in the environment, since every user can read command lines.
    package static let secretVariable = "BERTQA_STORE_SECRET"

    /// A place among others.
    package init(
        rank: Int, size: Int, localRank: Int, host: String, port: Int, storeIsServed: Bool = false,
        attempt: String = "0", isOneMachine: Bool = false, secret: String = ""
    ) {
        (self.rank, self.size, self.localRank) = (rank, size, localRank)
        (self.host, self.port, self.storeIsServed, self.attempt) = (host, port, storeIsServed, attempt)
        (self.isOneMachine, self.secret) = (isOneMachine, secret)
    }

    /// The prefix of all keys of these processes in the store.
    package var storePrefix: String { secret.isEmpty ? "bertqa/\(attempt)" : "bertqa/\(secret)/\(attempt)" }

    /// Reads the environment; nil if this process trains alone.
    ///
    /// - Throws: `TrainingError.options` that names the variable that is missing or wrong.
    package init?(environment: [String: String]) throws(TrainingError) {
        let isSlurm = environment["RANK"] == nil && environment["SLURM_STEP_ID"] != nil
        let names =
            isSlurm
            ? ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID") : ("RANK", "WORLD_SIZE", "LOCAL_RANK")
        guard environment[names.0] != nil || environment[names.1] != nil else { return nil }
        func number(_ name: String, _ range: Range<Int>, otherwise: Int? = nil) throws(TrainingError) -> Int {
            guard let text = environment[name] else {
                if let otherwise { return otherwise }
                throw .options("\(name) is not set, but \(names.0) or \(names.1) is; every process needs all of them")
            }
            guard let value = Int(text), range.contains(value) else {
                throw .options(
                    "\(name)=\(text) must be a whole number from \(range.lowerBound) to \(range.upperBound - 1)")
            }
            return value
        }
        let size = try number(names.1, 1..<1_000_001)
        rank = try number(names.0, 0..<size)
        guard size > 1 else { return nil }
        self.size = size
        localRank = try number(names.2, 0..<size, otherwise: 0)
        guard let host = environment["MASTER_ADDR"], !host.isEmpty else {
            throw .options(
                "MASTER_ADDR is not set: it names the machine of the process with rank 0, for the \(size) processes "
                    + "to meet"
            )
        }
        self.host = host
        port = try number("MASTER_PORT", 1..<65536, otherwise: 29500)
        storeIsServed = environment["TORCHELASTIC_USE_AGENT_STORE"]?.lowercased() == "true"
        attempt = environment["TORCHELASTIC_RESTART_COUNT"] ?? "0"
        secret = environment[Self.secretVariable] ?? ""
        let isLocal =
            isSlurm
            ? environment["SLURM_STEP_NUM_NODES"] == "1" : environment["LOCAL_WORLD_SIZE"] == environment["WORLD_SIZE"]
        isOneMachine = isLocal && (host == "localhost" || host.hasPrefix("127."))
    }
}
