import ArgumentParser

/// Who may use the server.
struct ServeAccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file with the API key: one line of at least 16 characters.", valueName: "file"),
        completion: .file())
    var apiKeyFile: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Names that requests may have in their Host header, besides localhost, 127.0.0.1 and [::1]. On an address "
                + "other than loopback every name is accepted unless this is given.", valueName: "names"))
    var allowedHosts: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Origins of web pages that may use the API from a browser (CORS), such as https://app.example; '*' "
                + "allows all.",
            valueName: "origins"))
    var allowOrigin: [String] = []

    func validate() throws {
        for origin in allowOrigin where origin != "*" && origin != "null" {
            let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, !parts[1].contains("/") else {
                throw ValidationError(
                    "--allow-origin \(origin) must be a scheme and a host without a path, such as https://app.example")
            }
        }
        for host in allowedHosts where host.isEmpty || host.contains("/") {
            throw ValidationError(
                "--allowed-hosts \(host) must be names without a scheme or a path, such as qa.example")
        }
    }
}
