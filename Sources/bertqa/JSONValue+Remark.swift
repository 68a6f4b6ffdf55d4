import SQuAD
import StrictJSON

extension JSONValue {
    /// What `--json` says of a single question: a problem that was found, a change that was made.
    static func remark(_ question: QuestionID, kind: String, message: String) -> JSONValue {
        ["id": .string(question.text), "kind": .string(kind), "message": .string(message)]
    }
}
