import Hummingbird
import Logging
import QAServer
import QuestionAnswering

/// A Hummingbird application with its own routes, and BertQA's routes below /qa: mount MODEL PORT.
@main
struct Mount {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 2, let port = Int(arguments[1]) else {
            print("usage: mount MODEL PORT")
            return
        }
        let server = try AnswerServer(
            options: ServerOptions(modelName: arguments[0], version: "1"), logger: Logger(label: "qa")
        ) {
            try await Reader.load(arguments[0])
        }

        let router = Router()
        router.get("/") { _, _ in "the application itself\n" }
        server.addRoutes(to: router.group("qa"))

        var application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
        application.addServices(server.model)
        try await application.runService()
    }
}
