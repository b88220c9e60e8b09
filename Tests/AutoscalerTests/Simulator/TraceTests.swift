import Testing

@testable import Autoscaler

@Suite("A trace")
struct TraceTests {
    @Test("Its text reads back as it was", arguments: Trace.builtIn)
    func roundTrip(trace: Trace) throws {
        #expect(try Trace(name: trace.name, text: trace.text) == trace)
    }

    @Test("Between two loads the rate changes evenly")
    func even() throws {
        let trace = try Trace(name: "t", text: "0, 0, 100 # from\n\n4, 40, 60\r\n6,40,60\n2, fail, projector, 1")
        #expect(trace.load.map(\.reads) == [0, 10, 20, 30, 40, 40])
        #expect(trace.load.map(\.writes) == [100, 90, 80, 70, 60, 60])
        #expect(trace.events == [.init(at: 2, trouble: .fail(.projector, 1))])
    }

    @Test(
        "A line that is wrong is named",
        arguments: [
            ("0,1,1\nx,1,1", 2), ("0,1,1\n5,1", 2), ("0,1,1\n5,-1,1", 2), ("0,1,1\n5,1,1,1", 2), ("5,1,1\n5,1,1", 2),
            ("0,1,1\n1,fail,broker,1\n9,1,1", 2), ("0,1,1\n1,fail,gateway,0", 2), ("0,1,1\n1,stall,soon", 2),
            ("0,1,1\n1,rain,5", 2), ("0,1,1\n1,nan,1", 2), ("0,1,1\n1e9,1,1", 2), ("0,1,1\n-5,1,1", 2), ("", 1),
            ("0,1,1", 1), ("0,1,1\n0.5,1,1", 2),
        ])
    func wrong(text: String, line: Int) {
        let fault = #expect(throws: Trace.Fault.self) { try Trace(name: "t", text: text) }
        #expect(fault?.line == line)
    }
}
