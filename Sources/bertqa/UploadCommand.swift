import ArgumentParser
import Files
import FineTuning
import Foundation
import Hub

/// `bertqa upload`
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upload",
        abstract: "Upload a model to the Hugging Face hub, and print its address.",
        discussion: """
            Sends configuration, tokenizer, weights, README.md (the model card), statistics and learning curve of a \
            folder in one commit. The repository and the branch are created if they do not exist. Files that the \
            hub already has are not sent, so simply repeat an upload that failed. The token comes from HF_TOKEN or \
            huggingface_hub's token file and needs write permission.

              bertqa upload run owner/name --private
              bertqa upload run owner/name --revision candidate
            """)

    @Argument(help: "The folder of a run or of a model.", completion: .directory)
    var run: String

    @Argument(help: "The repository, such as owner/name; a name alone belongs to the owner of the token.")
    var id: String

    @Flag(help: "Make the repository private; a public repository is refused.")
    var `private` = false

    @Option(help: ArgumentHelp("The branch; it is created if it does not exist. (default: main)", valueName: "branch"))
    var revision: String?

    func run() async throws {
        try await reportingErrors("upload") {
            let id = try repository()
            let outcome = try await DownloadMeter.showing { report in
                let upload = try HubUpload(
                    settings: HubSettings(environment: ProcessInfo.processInfo.environment), isPrivate: `private`,
                    progress: report)
                let full = try await upload.resolved(id)
                renewCard(full)
                return try await upload.send(run, to: full)
            }
            if outcome.commit == nil { StandardError.write("the hub already has all files; nothing was sent\n") }
            try writeOutput(outcome.address)
        }
    }

    /// Lets the model card name the repository. In a folder that cannot be written to it goes as it is.
    private func renewCard(_ id: HubModelID) {
        do {
            try ModelCard.update(in: run, name: id.repository)
        } catch {
            StandardError.write("warning: the model card was not updated: \(error)\n")
        }
    }

    private func repository() throws -> HubModelID {
        guard let repository = HubModelID(id) else {
            throw ValidationError("\(id) is not the name of a repository; an example is owner/name")
        }
        guard let revision else { return repository }
        guard !id.contains("@") else {
            throw ValidationError("\(id) already names a revision; omit --revision \(revision)")
        }
        guard let branch = HubModelID("\(id)@\(revision)") else {
            throw ValidationError("--revision \(revision) is not the name of a branch; an example is main")
        }
        return branch
    }
}
