/// The environment variables that a bug report shows, with their secrets masked.
enum ReportedVariables {
    /// Those of an environment that can change what this program does, in alphabetical order.
    static func of(_ environment: [String: String]) -> [(name: String, value: String)] {
        environment.filter { isReported($0.key) }.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: masked($0.value, of: $0.key)) }
    }

    private static func isReported(_ name: String) -> Bool {
        names.contains(name) || names.contains(name.uppercased()) || prefixes.contains(where: name.hasPrefix)
    }

    private static func masked(_ value: String, of name: String) -> String {
        if isSecret(name), !value.isEmpty { return "(set)" }
        // `scheme://user:password@host`, or without a scheme; a password may have an @ of its own.
        guard let at = value.lastIndex(of: "@") else { return value }
        let scheme = value.firstRange(of: "://").map { value[..<$0.upperBound] } ?? ""
        return scheme.endIndex <= at ? scheme + "***" + value[at...] : "***" + value[at...]
    }

    /// Whether a variable's value must not be shown.
    private static func isSecret(_ name: String) -> Bool {
        !openNames.contains(name) && secretEndings.contains(where: name.uppercased().hasSuffix)
    }

    private static let secretEndings = ["TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIALS"]

    /// A switch whose name only ends like a secret.
    private static let openNames: Set = ["HF_HUB_DISABLE_IMPLICIT_TOKEN"]

    private static let names: Set = [
        "ALL_PROXY", "CLICOLOR", "CLICOLOR_FORCE", "COLAB_RELEASE_TAG", "COLUMNS", "CUBLAS_WORKSPACE_CONFIG",
        "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "GLOO_SOCKET_IFNAME", "HTTPS_PROXY", "HTTP_PROXY", "HUGGINGFACE_HUB_CACHE",
        "HUGGING_FACE_HUB_TOKEN", "JPY_PARENT_PID", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "LD_PRELOAD", "LIBTORCH",
        "LOCAL_RANK", "LRU_CACHE_CAPACITY", "MASTER_ADDR", "MASTER_PORT", "NO_COLOR", "NO_PROXY", "RANK",
        "SLURM_JOB_ID", "SLURM_NTASKS", "TERM", "TMPDIR", "TORCH_CPP_LOG_LEVEL", "TRANSFORMERS_OFFLINE", "WORLD_SIZE",
        "XDG_CACHE_HOME", "XDG_DATA_HOME",
    ]

    private static let prefixes = [
        "BERTQA_", "DNNL_", "GOMP_", "HF_", "KMP_", "MALLOC_", "MKL_", "NCCL_", "OMP_", "ONEDNN_", "PYTORCH_",
    ]
}
