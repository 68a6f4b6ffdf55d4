/// Sends a model's folder to a repository of the hub, in one commit.
///
/// Files that the hub already has, by their checksums, are not sent. So a repeated upload continues with the file at
/// which the earlier one stopped.
package struct HubUpload: Sendable {
    private let api: HubAPI
    private let isPrivate: Bool
    private let progress: @Sendable (Hub.Progress) -> Void

    /// What came of an upload.
    package struct Outcome: Sendable, Hashable {
        /// The repository, with its owner.
        package let id: HubModelID
        /// The commit's name in git; nil if the branch had everything already.
        package let commit: String?
        /// The model's page, or the commit's.
        package let address: String
    }

    /// - Parameters:
    ///   - settings: where the hub is, and the token.
    ///   - isPrivate: whether the repository has to be private: one that is made is, and a public one is refused.
    ///   - pause: the pause before what failed is tried again the first time; the next ones are longer.
    ///   - progress: called before each piece that is sent, and at the end of each file.
    /// - Throws: `HubError.settings` without a token, or where the network may not be used.
    package init(
        settings: HubSettings, isPrivate: Bool = false, pause: Duration = .milliseconds(500),
        progress: @escaping @Sendable (Hub.Progress) -> Void = { _ in }
    ) throws(HubError) {
        if let variable = settings.offline {
            throw .settings("\(variable) forbids the network; unset it to upload")
        }
        guard settings.token != nil else {
            throw .settings(
                "there is no token to upload with; create one with write permission at "
                    + "\(settings.endpoint)/settings/tokens, and set HF_TOKEN, or write it into the file that "
                    + "HF_TOKEN_PATH names")
        }
        api = HubAPI(settings: settings, backoff: Backoff(pause: pause))
        (self.isPrivate, self.progress) = (isPrivate, progress)
    }

    /// The repository's name with its owner: without one in `id`, the owner of the token.
    ///
    /// - Throws: `HubError`.
    package func resolved(_ id: HubModelID) async throws -> HubModelID {
        try await telling { try await HubRepository.resolved(id, api) }
    }

    /// Sends the model in a folder: its configuration, tokenizer, weights, model card and curve.
    ///
    /// The repository and the branch are made if they are not there. Files of another model on the branch that would
    /// count as parts of this one are removed in the same commit; all others stay.
    ///
    /// - Parameter id: the repository with its owner, and the branch.
    /// - Throws: `HubError`; `FileError` and `CheckpointError` for a folder that cannot be sent.
    package func send(_ folder: String, to id: HubModelID) async throws -> Outcome {
        let files = try ModelFolder.files(in: folder)
        let page = "\(api.settings.endpoint)/\(id.repository)"
        return try await telling {
            let repository = HubRepository(api: api, id: id)
            try await repository.create(isPrivate: isPrivate)
            let branch = try await repository.branch()
            if isPrivate, !branch.isPrivate {
                throw HubError.refused(
                    "\(id): the repository exists and is public; nothing was sent. Make it private in its settings, or "
                        + "omit `private`")
            }
            let commit = try await UploadCommit(repository: repository, files: files, progress: progress)
                .send(to: branch)
            return Outcome(id: id, commit: commit, address: commit.map { "\(page)/commit/\($0)" } ?? page)
        }
    }

    /// A network that failed too often is an upload that can be gone on with.
    private func telling<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch HubError.network(let message) {
            throw HubError.unsent(message)
        }
    }
}
