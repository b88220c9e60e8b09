import NIOCore
import Testing

@testable import Gateway

@Suite("A connection's times")
struct ConnectionStateTests {
    private static func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1e9)) }

    private static let limits: ConnectionState.Limits = {
        var limits = ConnectionState.Limits()
        limits.head = .seconds(10)
        limits.idle = .seconds(75)
        limits.body = .seconds(10)
        limits.bodyBytesPerSecond = 1_000
        limits.stalled = .seconds(20)
        limits.stalledBytes = 100
        limits.lingering = .seconds(2)
        limits.drainIdle = .seconds(5)
        limits.drain = .seconds(20)
        return limits
    }()

    private var state = ConnectionState(limits, at: at(0))

    private func expect(
        _ seconds: Double?, _ ending: ConnectionState.Ending?, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(state.deadline?.time == seconds.map(Self.at), sourceLocation: sourceLocation)
        #expect(state.deadline?.ending == ending, sourceLocation: sourceLocation)
    }

    private mutating func take(_ seconds: Double) {
        state.bytesRead(at: Self.at(seconds))
        state.headRead(at: Self.at(seconds))
        state.endRead()
    }

    /// - Returns: whether it says that it is the last, and whether the connection closes after it.
    private mutating func answer(_ seconds: Double, isLast: Bool = false) -> [Bool] {
        [state.answerBegins(isLast: isLast), state.answerEnds(at: Self.at(seconds))]
    }

    @Test("A head has its time from the first byte, however many follow")
    mutating func slowHead() {
        expect(75, .idle)
        for second in [3.0, 4, 12] { state.bytesRead(at: Self.at(second)) }
        expect(13, .slowHead)
        state.headRead(at: Self.at(12.5))
        state.endRead()
        expect(nil, nil)
    }

    @Test("A body has its time, and more for what has come")
    mutating func slowBody() {
        state.bytesRead(at: Self.at(1))
        state.headRead(at: Self.at(1))
        expect(11, .slowBody)
        state.bodyRead(3_000)
        expect(14, .slowBody)
        state.endRead()
        expect(nil, nil)
    }

    @Test("While an earlier request is answered, what comes behind it has no limit: it may be us who don't read on")
    mutating func pipelined() {
        take(1)
        state.bytesRead(at: Self.at(2))
        expect(nil, nil)
        state.headRead(at: Self.at(2))
        expect(nil, nil)
        let first = answer(50)
        #expect(first == [false, false])
        // The second one's body is still owed.
        expect(60, .slowBody)
    }

    @Test("Between requests the connection is idle; after its last answer the client has a moment to close")
    mutating func idle() {
        take(1)
        let first = answer(2)
        #expect(first == [false, false])
        expect(77, .idle)
        take(3)
        let last = answer(4, isLast: true)
        #expect(last == [true, true] && state.isClosing)
        expect(6, .lingering)
    }

    @Test("A client must take something of its answer, again and again")
    mutating func stalled() {
        take(1)
        state.stalls(at: Self.at(2), bytes: 1_000)
        expect(22, .stalled)
        let tookEnough = !state.stillStalls(at: Self.at(22), bytes: 900)
        expect(42, .stalled)
        let tookLittle = state.stillStalls(at: Self.at(42), bytes: 801)
        #expect(tookEnough && tookLittle)
        state.flows()
        expect(nil, nil)
    }

    @Test("When the gateway leaves, an idle connection stays a little, and a request that still comes is the last one")
    mutating func drained() {
        state.drain(at: Self.at(30))
        expect(35, .draining)
        take(33)
        expect(50, .draining)
        let last = answer(34)
        #expect(last == [true, true])
        expect(36, .lingering)
    }

    @Test("When the gateway leaves, only the last of several requests closes the connection")
    mutating func drainedPipeline() {
        take(1)
        take(1)
        state.drain(at: Self.at(2))
        let first = answer(3)
        let last = answer(3)
        #expect(first == [false, false] && last == [true, true])
    }

    @Test("An answer in the server's place is possible while none has begun and none is owed before it")
    mutating func refusing() {
        #expect(state.canRefuse)
        state.bytesRead(at: Self.at(1))
        state.headRead(at: Self.at(1))
        #expect(state.canRefuse, "in the middle of a body")
        state.endRead()
        #expect(!state.canRefuse, "the request is whole: its own answer comes")
        _ = answer(2)
        #expect(state.canRefuse)
        state.close(at: Self.at(3))
        #expect(!state.canRefuse)
    }
}
