import ArgumentParser
import Console
import Files
import StrictJSON
import Tokenizers

/// `bertqa tokenize`: JSON lines in, JSON lines out.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Turn texts into token ids with positions.",
        discussion: """
            Reads {"text": "..."} or {"question": "...", "context": "..."} from each line of standard input and writes
            {"ids", "type_ids", "attention_mask", "offsets", "tokens"}, special tokens included. Offsets count Unicode \
            scalars \
            in the token's own text.
            """)

    @Option(help: "A model: its folder, or its id on the Hugging Face hub.", completion: .directory)
    var model: String

    @Option(help: "The most tokens of a row; longer contexts and texts are cut.")
    var maxLength: Int?

    func validate() throws {
        if let maxLength, maxLength < 3 {
            throw ValidationError("--max-length must be at least 3, the special tokens of a question and its context")
        }
    }

    func run() async throws {
        let tokenizer: Tokenizer
        do {
            tokenizer = try ModelSource.tokenizer(of: try await ModelSource.folder(model))
        } catch {
            throw failure("\(error)", ExitStatus(error).rawValue)
        }
        var converter = EncodedLines(tokenizer: tokenizer, maxLength: maxLength)
        var lines = LineReader()
        var output = OutputBuffer()
        var number = 0
        while let line = lines.next() {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do {
                try output.append { try converter.convert(line, to: &$0) }
            } catch let error as JSONError {
                output.flush()
                throw failure("line \(number), column \(error.column): \(error.message)", 65)
            } catch {
                output.flush()
                throw failure("line \(number): \(error)", 65)
            }
        }
        output.flush()
        if let message = lines.failure { throw failure("standard input: \(message)", 74) }
        if let message = output.failure { throw failure("standard output: \(message)", 74) }
    }

    private func failure(_ message: String, _ code: Int32) -> ExitCode {
        StandardError.write("bertqa tokenize: \(message)\n")
        return ExitCode(code)
    }
}
