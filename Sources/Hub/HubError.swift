/// Why a file of the hub cannot be used. Each message says what to do.
public enum HubError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such repository, or it is private.
    case noRepository(String, hasToken: Bool)
    /// The repository has no such revision.
    case noRevision(String)
    /// The repository has no such file.
    case noFile(String, file: String)
    /// The model's owner gives access on request.
    case gated(String, endpoint: String)
    /// The token is not accepted.
    case unauthorised(String)
    /// The hub cannot be reached, or the connection failed too often.
    case network(String)
    /// The hub's response is not a file.
    case status(Int, String)
    /// The network may not be used, by a variable of the environment, and the cache does not have the file.
    case offline(String, cache: String, variable: String)
    /// A variable of the environment has a value that cannot be used.
    case settings(String)
    /// The contents differ from the announced checksum.
    case damaged(String)
    /// The download is longer than announced.
    case tooLong(String, limit: Int)
    /// A file or an answer names something outside the model's own folder, or is not in its format.
    case untrusted(String)
    /// The cache cannot be written.
    case cache(String)
    /// The model has only weights in Python's pickle format.
    case pickleOnly(String)
    /// The hub refuses what is sent, or refuses it from this user.
    case refused(String)
    /// The connection failed too often during an upload.
    case unsent(String)

    /// The error for a status that is not one of the hub's own. Too many requests and server failures can be retried.
    init(status: Int, _ address: String) {
        self = status == 429 || status >= 500 ? .network("\(address) answers \(status)") : .status(status, address)
    }

    /// One line for the user.
    public var description: String {
        switch self {
        case .noRepository(let id, let hasToken):
            "\(id): the hub has no such model, or it is private; "
                + (hasToken
                    ? "check its name and the permissions of HF_TOKEN"
                    : "check its name, or set HF_TOKEN to a token that may read it")
        case .noRevision(let id): "\(id): the model has no such revision; write a branch, tag or commit after @"
        case .noFile(let id, let file):
            "\(id): the model has no \(file), so it is not a model in the Hugging Face layout"
        case .gated(let id, let endpoint):
            "\(id): its owner gives access on request; accept the terms at \(endpoint)/\(id), then set HF_TOKEN"
        case .unauthorised(let id):
            "\(id): the hub does not accept HF_TOKEN; make a new token, or unset it for public models"
        case .network(let message): "the hub cannot be reached: \(message); try again, or give a model's folder"
        case .status(let code, let address): "the hub answered \(code) for \(address); try again later"
        case .offline(let what, let cache, let variable):
            "\(what) is not in the cache \(cache), and \(variable) forbids the network; unset it, or give a folder or "
                + "a file"
        case .settings(let message): message
        case .refused(let message): message
        case .unsent(let message):
            "the hub cannot be reached, or the connection failed too often: \(message); repeat the upload; large files "
                + "that arrived are not sent again"
        case .damaged(let what):
            "\(what): the contents do not match the checksum that the hub announced; the download was discarded; try "
                + "again"
        case .tooLong(let address, let limit):
            "\(address) sends more than the \(limit) bytes that were announced; the download was discarded"
        case .untrusted(let message): "\(message); this model is not used"
        case .cache(let message): "the cache cannot be written: \(message); HF_HUB_CACHE chooses another folder"
        case .pickleOnly(let id):
            "\(id) has its weights only as a Python pickle, pytorch_model.bin, which has to be converted; none of the "
                + "code in it is run"
        }
    }

    /// Whether something is missing, rather than broken.
    public var isMissing: Bool {
        switch self {
        case .noRepository, .noRevision, .noFile, .offline, .pickleOnly: true
        default: false
        }
    }
}
