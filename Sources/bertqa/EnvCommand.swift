import ArgumentParser

/// `bertqa env`
struct EnvCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print what a bug report needs: versions, machine, folders, environment variables.",
        discussion: """
            Tokens, keys and passwords are masked, and the home folder is shown as ~. Nothing is sent anywhere.

              bertqa env
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        try await reportingErrors("env") {
            let report = EnvironmentReport()
            try writeOutput(json ? report.json.serialized() : report.text)
        }
    }
}
