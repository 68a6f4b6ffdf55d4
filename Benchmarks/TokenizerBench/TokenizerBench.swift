import SQuAD
import Tokenizers

/// Encodes the question and context of every question of a SQuAD file on one thread, and prints pairs a second.
///
/// `tokenizer-bench MODEL FILE [ROUNDS]`. With rounds 0 it encodes the file once and prints the number of tokens alone,
/// for counting its instructions.
@main
struct TokenizerBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3 else { return print("tokenizer-bench MODEL FILE [ROUNDS]") }
        let tokenizer = try Tokenizer(directory: arguments[1])
        let paragraphs = try Dataset(path: arguments[2]).articles.flatMap(\.paragraphs)
        let rounds = arguments.count > 3 ? Int(arguments[3]) ?? 3 : 3
        guard rounds > 0 else { return print(try together(paragraphs, tokenizer)) }
        let pairs = paragraphs.reduce(0) { $0 + $1.questions.count }
        let whole = try best(rounds) { try apart(paragraphs, tokenizer) }
        let once = try best(rounds) { try together(paragraphs, tokenizer) }
        print(#"{"each": \#(Double(pairs) / whole), "contexts_once": \#(Double(pairs) / once)}"#)
    }

    /// Every pair by itself, as a library without a notion of paragraphs has it.
    static func apart(_ paragraphs: [Paragraph], _ tokenizer: Tokenizer) throws -> Int {
        var tokens = 0
        for paragraph in paragraphs {
            for question in paragraph.questions {
                tokens += try tokenizer.encode(question.question, paragraph.context).ids.count
            }
        }
        return tokens
    }

    /// Each context once for all its questions. A function of its own in the binary too: its instructions are counted.
    @inline(never)
    static func together(_ paragraphs: [Paragraph], _ tokenizer: Tokenizer) throws -> Int {
        var tokens = 0
        for paragraph in paragraphs {
            let context = tokenizer.tokenize(paragraph.context)
            for question in paragraph.questions {
                tokens += try tokenizer.pair(tokenizer.tokenize(question.question), context).ids.count
            }
        }
        return tokens
    }

    static func best(_ rounds: Int, _ body: () throws -> Int) rethrows -> Double {
        let clock = ContinuousClock()
        var best = Double.infinity
        for _ in 0...rounds {
            let start = clock.now
            _ = try body()
            best = min(best, (clock.now - start) / .seconds(1))
        }
        return best
    }
}
