import Foundation
import SQuAD
import Testing

@Suite("Tables of rows")
struct TableTests {
    private func questions(_ text: String) throws -> [Question] {
        try dataset(text).articles.flatMap(\.paragraphs).flatMap(\.questions)
    }

    @Test(
        "Separators, line ends, a byte order mark, capitals and unknown columns don't matter",
        arguments: [
            "id,context,question,answer,answer_start\nq,\"by, Ada\",Who?,Ada,4\n",
            "id;context;question;answer_text;answer_start\r\nq;by, Ada;Who?;Ada;4\r\n",
            "\u{FEFF}Id\tContext\t Question \tAnswer\tAnswer_Start\rq\tby, Ada\tWho?\tAda\t4\r",
            """
            \n\n\"question\",\"x\",\"context\",\"answer\",\"answer_start\",\"id\"\n\n\"Who?\",,\"by, \
            Ada\",\"Ada\",\"4.0\",q
            """,
            """
            id,context,question,answers\nq,\"by, Ada\",Who?,\"{\"\"text\"\": [\"\"Ada\"\"], \"\"answer_start\"\": \
            [4]}\"\n
            """,
            "id,context,question,answers,answer_start\nq,\"by, Ada\",Who?,['Ada'],[4]\n",
        ])
    func layouts(text: String) throws {
        #expect(
            try questions(text) == [Question(id: "q", question: "Who?", answers: [AnswerSpan(text: "Ada", start: 4)])])
        #expect(try dataset(text).articles.first?.paragraphs.first?.context == "by, Ada")
    }

    @Test("Quotes, line ends and spaces inside a field stay as they are")
    func quotes() throws {
        let read = try dataset("context,question\n\"a \"\"b\"\"\r\n c \", d \"e\" \n")
        let paragraph = try #require(read.articles.first?.paragraphs.first)
        #expect(Array(paragraph.context.unicodeScalars) == Array("a \"b\"\r\n c ".unicodeScalars))
        #expect(paragraph.questions.map(\.question) == [" d \"e\" "])
    }

    @Test(
        "Cells that say nothing are missing",
        arguments: ["", "nan", "NaN", "None", "null", "NA", "-1"])
    func missingOffset(cell: String) throws {
        let read = try questions("id,title,context,question,answer,answer_start,is_impossible\n,,c,?,c,\(cell),\n")
        #expect(read == [Question(id: "1", question: "?", answers: [AnswerSpan(text: "c", start: -1)])])
    }

    @Test("An empty answer is none, and is_impossible says that there is none")
    func impossible() throws {
        let read = try questions(
            "context,question,answer,is_impossible\nc,?,,\nc,?,,TRUE\nc,?,,1\nc,?,c,false\nc,?,c,0\n")
        #expect(read.map(\.isImpossible) == [nil, true, true, false, false])
        #expect(read.map(\.answers.count) == [0, 0, 0, 1, 1])
    }

    @Test(
        "What Python prints of lists and dictionaries is read",
        arguments: [
            (#"{'text': ['a'], 'answer_start': [1]}"#, "a"), (#"{'text': ('a',), 'answer_start': (1,)}"#, "a"),
            (#"{'text': array(['a'], dtype='<U1'), 'answer_start': array([1], dtype=np.int32)}"#, "a"),
            (#"{'text': np.array(["it's"]), 'answer_start': [np.int64(1)]}"#, "it's"),
            (
                #"{'text': ['\x41\u00e9\U0001F600\n\t\'\"\\\q'], 'answer_start': [1.0],}"#,
                "A\u{E9}\u{1F600}\n\t'\"\\\\q"
            ),
            (#"[{'text': 'a', 'answer_start': 1}]"#, "a"),
            (#"{'answer_start': 1, 'text': 'a', 'x': None, 'y': nan}"#, "a"),
        ])
    func python(cell: String, text: String) throws {
        let quoted = cell.replacingOccurrences(of: "\"", with: "\"\"")
        let read = try questions("context,question,answers\nc,?,\"\(quoted)\"\n")
        #expect(read.map(\.answers) == [[AnswerSpan(text: text, start: 1)]])
    }

    @Test(
        "A cell that begins with a bracket and is neither a list nor an object is a text",
        arguments: ["[Date]", "[sic] the words", "[1] first", "['a] ", "['a'] 'b'", "[--1]", "[[[[", "{x}", "{", "["])
    func bracketed(cell: String) throws {
        let expected = [[AnswerSpan(text: cell, start: 3)]]
        for column in ["answers", "answers.text", "answer"] {
            let table = "context,question,\(column),answer_start\nc,?,\"\(cell)\",3\n"
            #expect(try questions(table).map(\.answers) == expected, "\(column)")
            let row = #"{"context": "c", "question": "?", "\#(column)": "\#(cell)", "answer_start": 3}"#
            #expect(try questions(row + "\n" + row + "\n").map(\.answers) == expected + expected, "\(column)")
        }
        let object = #"{"context": "c", "question": "?", "answers": {"text": ["\#(cell)"], "answer_start": [3]}}"#
        #expect(try questions("[\(object)]").map(\.answers) == expected)
    }

    @Test(
        "What is wrong is said with its line and row",
        arguments: [
            (
                "id,question\n1,Who?",
                "line 1: the table has no \"context\"; its fields are \"id\", \"question\"; the closest"
            ),
            ("context;text\n1;2", "line 1: the table has no \"question\"; its fields are \"context\", \"text\""),
            ("context,question,Context\n", "line 1: two columns are \"context\"; rename one"),
            ("context,question,answer,answer_text\n", "line 1: two columns are \"answer\""),
            ("context,question,answer,answers\n", "line 1: there are columns for \"answers\" and for \"answer\""),
            ("context,question\n", "the file has no questions"),
            (
                "context,question\n\nc,?\nc, d,?\n",
                "line 4: row 2 has 3 fields, and there are 2 columns; fields with separators"
            ),
            ("context,question\nc\n", "line 2: row 1 has 1 fields, and there are 2 columns"),
            ("context,question\n\"c\n\n,?\n", "line 2: the quotes that open a field here are never closed"),
            ("context,question\r\n\"a\nb\" c,?\n", "line 3: a quoted field has text after its closing quote"),
            (
                "context,question,answer,answer_start\nc,?,c,first\n",
                "line 2: row 1: answer_start must be a whole number"
            ),
            ("context,question,answer,answer_start\nc,?,c,0.5\n", "line 2: row 1: answer_start must be a whole number"),
            ("context,question,is_impossible\nc,?,maybe\n", "\"is_impossible\" must be true or false, not \"maybe\""),
            (
                "context,question,answers\nc,?,{'text'\n",
                "row 1: neither JSON nor a Python literal: expected : at byte 7"
            ),
            ("context,question,answers\nc,?,{'text': x y}\n", "expected ( at byte 11"),
            ("context,question,answers\nc,?,{'a: 1} \n", "a string without an end"),
            ("context,question,answers\nc,?,{'\\ud800': 1}\n", "an escape that is not a character"),
            ("context,question,answers\nc,?,{'a': 1} 'b'\n", "more text follows"),
            ("context,question,answers\nc,?, { 'a': --1}\n", "expected a number, not --1"),
            ("context,question,answers\nc,?,{'a': \(String(repeating: "[", count: 40))\n", "nested too deeply"),
        ])
    func wrong(text: String, expected: String) throws {
        let error = try #require(failure(text.utf8))
        #expect(error.message.contains(expected), "\(error)")
    }

    @Test("A field that is not UTF-8 is refused with its line")
    func encoding() throws {
        let error = try #require(failure(Array("context,question\nc,?\ncaf".utf8) + [0xE9] + Array(",?\n".utf8)))
        #expect(error.message == "line 3: a field that is not UTF-8; save the table as CSV in UTF-8")
    }
}
