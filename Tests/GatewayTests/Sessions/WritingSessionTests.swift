import Commands
import HTTPTypes
import Synchronization
import Testing

@testable import Gateway

@Suite("A session that only writes")
struct WritingSessionTests {
    @Test(
        "Whatever a client is given it may echo, its token stays short, and no write is dropped from it unapplied",
        arguments: 0..<20 as Range<UInt64>)
    func echo(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let call = Caller()
        let codec = call.gateway.sessions
        var token: String?
        var written: [Dot] = []
        var appliedCount = 0
        for run in 1...150 as ClosedRange<UInt64> {
            // Each write comes to another gateway run, and what was written is applied with some delay.
            let origin = Origin(random.next())
            let n = run
            call.gateway.state.withLock { state in
                state.origin = origin
                guard written.count > 10, random.next() % 2 == 0 else { return }
                appliedCount = max(appliedCount, written.count - Int(random.next() % 10))
                let applied = written.prefix(appliedCount)
                state.vector = VersionVector(
                    sequence: UInt64(applied.count),
                    applied: Dictionary(applied.map { ($0.origin, $0.n) }, uniquingKeysWith: max))
            }
            let answer = try await call(.put, "/v1/kv/k", token.map { ["Tidemark-Session": $0] } ?? [:], body: "v")
            #expect(answer.status == 202, "seed \(seed), run \(run): \(answer.text)")
            written.append(Dot(origin: origin, n: n))
            let text = try #require(answer.session)
            let mark = try #require(try codec.decode(text).marks.first)
            #expect(mark.pending.count <= SessionToken.crowdedMark + 1 + 30, "seed \(seed), run \(run)")
            let vector = call.gateway.state.withLock(\.vector) ?? VersionVector()
            for dot in written where !vector.covers(dot) {
                #expect(mark.pending.contains(dot), "seed \(seed), run \(run): \(dot) is neither pending nor applied")
            }
            token = text
        }
    }

    @Test("What would make a token longer than one that is taken back is refused before it is written")
    func full() async throws {
        let call = Caller()
        var token: String?
        var refused = 0
        for run in 1...80 as ClosedRange<UInt64> {
            call.gateway.state.withLock { $0.origin = Origin(run) }
            let headers: KeyValuePairs = ["Tidemark-Session": token ?? call.gateway.sessions.empty]
            let answer =
                run % 2 == 0
                ? try await call(.put, "/v1/kv/k", headers, body: "v")
                : try await call(
                    .post, "/v1/batch", headers, body: #"{"operations":[{"op":"put","key":"k","value":"v"}]}"#)
            if answer.status == 503 {
                refused += 1
                #expect(answer.problem == "session-not-reached")
                #expect(answer["Retry-After"] != nil)
            } else {
                #expect(answer.status == 202 || answer.status == 200, "run \(run): \(answer.text)")
                token = answer.session
            }
        }
        #expect(refused == 80 - SessionTokenCodec.maximumPendingDots)
        #expect(call.gateway.state.withLock { $0.writes.count } == SessionTokenCodec.maximumPendingDots)
        let last = try #require(token)
        let mark = try #require(try call.gateway.sessions.decode(last).marks.first)
        #expect(mark.pending.count == SessionTokenCodec.maximumPendingDots)
    }

    @Test("A token of a few dots in many partitions is folded, too")
    func manyPartitions() {
        var token = SessionToken()
        for partition in 0..<16 {
            for origin in 0..<8 as Range<UInt64> {
                token.wrote(Dot(origin: Origin(origin), n: 1), in: Partition(partition))
            }
        }
        #expect(!token.isCrowded)
        token.wrote(Dot(origin: Origin(9), n: 1), in: Partition(3))
        #expect(token.isCrowded)
        #expect(token.crowdedMarks.count == 16)
    }
}
