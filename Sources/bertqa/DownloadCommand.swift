import ArgumentParser
import Hub

/// `bertqa download`
struct DownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Fetch a model from the Hugging Face hub, and print its folder.",
        discussion: """
            Every command also takes an id for --model. Files go into the hub's cache, which Python uses too; \
            HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are respected. An interrupted download \
            continues where it stopped.

              bertqa download bert-base-cased
              bertqa download owner/name@revision
            """)

    @Argument(help: "The model's id, such as bert-base-cased, owner/name or owner/name@revision.")
    var id: String

    @Flag(help: "Convert weights that exist only as a pickle (pytorch_model.bin); none of its code is run.")
    var allowPickle = false

    func run() async throws {
        try await reportingErrors("download") {
            guard let id = HubModelID(id) else {
                throw ValidationError(
                    "\(id) is not a model id; examples are bert-base-cased, owner/name and owner/name@revision")
            }
            try writeOutput(try await ModelSource.download(id, allowsPickle: allowPickle))
        }
    }
}
