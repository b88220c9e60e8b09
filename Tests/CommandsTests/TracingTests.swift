import Commands
import Testing

@Suite("Traces")
struct TracingTests {
    private static let ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    @Test(
        "A trace parent is read as the standard says",
        arguments: [
            ("00-\(ids)-01", "00-\(ids)-01"), ("00-\(ids)-00", "00-\(ids)-00"), ("00-\(ids)-fe", "00-\(ids)-fe"),
            ("cc-\(ids)-01-what-comes", "00-\(ids)-01"), ("01-\(ids)-fe", "00-\(ids)-00"),
            ("cc-\(ids)-03\"", nil), ("00-\(ids)-01-x", nil), ("ff-\(ids)-01", nil), ("0-\(ids)-011", nil),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", nil),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", nil),
            ("00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", nil), ("00-\(ids)-0", nil),
            ("00-\(ids)-0g", nil), ("00_\(ids)-01", nil), (" 00-\(ids)-01", nil), ("", nil),
        ] as [(String, String?)])
    func traceParents(field: String, kept: String?) {
        #expect(TraceParent(field)?.text == kept)
    }

    @Test("Its parts")
    func parts() throws {
        let trace = try #require(TraceParent("00-\(Self.ids)-01"))
        #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(trace.parentID == "00f067aa0ba902b7")
        #expect(trace.isSampled)
        #expect(try !#require(TraceParent("00-\(Self.ids)-fe")).isSampled)
    }

    @Test("A budget of lines begins anew each second and says what was left out")
    func budget() {
        var budget = LineBudget(perSecond: 2)
        let start = ContinuousClock.now
        let taken = [0, 10, 20, 999, 1_000, 1_001, 1_002, 5_000].map { milliseconds in
            budget.take(at: start + .milliseconds(milliseconds))
        }
        #expect(taken == [0, 0, nil, nil, 2, 0, nil, 1])
    }
}
