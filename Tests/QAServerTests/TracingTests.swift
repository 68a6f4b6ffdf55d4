import Logging
import QAServer
import StrictJSON
import Testing
import Tracing

@Suite("Spans")
struct TracingTests {
    private struct Fields: Extractor, Injector {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
    }

    @Test("spans inside one another are lines with one trace id, which is the caller's")
    func nesting() throws {
        struct Failure: Error {}
        let log = LogBook()
        let tracer = LogTracer(
            logger: Logger(label: "test") { _ in LogLines(level: .debug, asJSON: true) { log.add($0) } })
        var context = ServiceContext.topLevel
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        tracer.extract(["traceparent": "00-\(trace)-00f067aa0ba902b7-01"], into: &context, using: Fields())
        var sent: [String: String] = [:]
        #expect(throws: Failure.self) {
            try tracer.withSpan("outer", context: context) { outer in
                outer.attributes["rows"] = 3
                tracer.inject(outer.context, into: &sent, using: Fields())
                try tracer.withSpan("inner", context: outer.context) { _ in throw Failure() }
            }
        }
        let lines = try log.lines.map { try JSONValue.parse(Array($0.utf8)) }
        #expect(lines.map { $0["span"]?.string } == ["inner", "outer"])
        #expect(lines.allSatisfy { $0["trace_id"]?.string == trace && $0["failed"]?.string == "true" })
        #expect(lines[1]["parent_id"]?.string == "00f067aa0ba902b7" && lines[1]["rows"]?.string == "3")
        #expect(lines[0]["parent_id"]?.string == lines[1]["span_id"]?.string)
        #expect(sent["traceparent"] == "00-\(trace)-\(try #require(lines[1]["span_id"]?.string))-01")
    }

    @Test("a trace that is not sampled writes nothing")
    func unsampled() {
        let log = LogBook()
        let tracer = LogTracer(
            logger: Logger(label: "test") { _ in LogLines(level: .debug, asJSON: true) { log.add($0) } })
        var context = ServiceContext.topLevel
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
        tracer.extract(["traceparent": header], into: &context, using: Fields())
        tracer.withSpan("silent", context: context) { _ in }
        #expect(log.lines.isEmpty)
    }
}
