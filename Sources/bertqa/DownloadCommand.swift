import ArgumentParser
import Foundation
import Hub

/// `bertqa download`
struct DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Fetch a model from the Hugging Face hub, and print its folder.",
        discussion: """
            Every command's --model takes an id as well. Files go into the hub's own cache, where Python finds them, and are taken \
            from there: HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are respected. A download that broke off \
            goes on where it was.

              bertqa download bert-base-cased
              bertqa download owner/name@revision
            """)

    @Argument(help: "The model's id, such as bert-base-cased, owner/name or owner/name@revision.")
    var id: String

    @Flag(help: "Convert weights that there are only as a pickle (pytorch_model.bin); none of its code is run.")
    var allowPickle = false

    func run() async throws {
        try await reportingErrors("download") {
            guard let id = HubModelID(id) else {
                throw ValidationError(
                    "\(id) is no model id; such are bert-base-cased, owner/name and owner/name@revision")
            }
            try writeOutput(try await ModelSource.download(id, allowsPickle: allowPickle))
        }
    }
}
