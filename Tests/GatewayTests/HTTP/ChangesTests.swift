import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Gateway

@Suite("How change feeds are asked for") struct ChangesTests {
    private let call = Caller()

    @Test("Last-Event-ID comes before after; without either a feed begins now") func start() async throws {
        let early = FeedPosition(Array(repeating: 1, count: 16))
        let late = FeedPosition(Array(repeating: 2, count: 16))
        let positions = call.gateway.positions
        _ = try await call(.get, "/v1/changes")
        _ = try await call(.get, "/v1/changes?after=beginning&prefix=a/&values=true")
        _ = try await call(.get, "/v1/changes?after=\(positions.encode(early))")
        _ = try await call(
            .get, "/v1/changes?after=\(positions.encode(early))", ["Last-Event-ID": positions.encode(late)])
        let asked = call.gateway.state.withLock(\.feeds)
        #expect(asked.map(\.start) == [.now, .beginning, .after(early), .after(late)])
        #expect(
            asked.map(\.filter.prefix) == ["", "a/", "", ""] && asked.map(\.values) == [false, true, false, false])
    }

    @Test(
        "What is no position is refused with its place",
        arguments: [("/v1/changes?after=0", "parameter"), ("/v1/changes", "header")])
    func invalid(target: String, place: String) async throws {
        let answer = try await call(.get, target, place == "header" ? ["Last-Event-ID": "7"] : [:])
        #expect(answer.status == 400 && answer.problem == "position-invalid", "\(answer.text)")
        #expect(try answer.json()[place] != nil)
        #expect(try await call(.get, "/v1/changes?since=1").problem == "invalid-query")
        #expect(try await call(.get, "/v1/changes?prefix=%00").problem == "invalid-query")
        #expect(try await call(.put, target, body: "x").status == 405)
    }

    @Test("Refusals say what to do: 400 ahead of the log, 410 with the oldest position, 503 with Retry-After")
    func refusals() async throws {
        let oldest = FeedPosition(Array(repeating: 9, count: 16))
        let cases: [(ChangeRefusal, Int, String)] = [
            (.ahead, 400, "position-invalid"), (.removed(oldest: oldest), 410, "position-removed"),
            (.tooMany(3), 503, "overloaded"),
            (.failed(GatewayError(.databaseUnavailable, "away")), 503, "database-unavailable"),
        ]
        for (refusal, status, problem) in cases {
            call.gateway.state.withLock { $0.refusal = refusal }
            let answer = try await call(.get, "/v1/changes?after=beginning")
            #expect(answer.status == status && answer.problem == problem, "\(answer.text)")
            #expect((answer["Retry-After"] != nil) == (status == 503))
            if status == 410 {
                #expect(try answer.json()["position"] as? String == call.gateway.positions.encode(oldest))
            }
        }
    }

    @Test("HEAD judges the parameters and begins no feed") func head() async throws {
        let answer = try await call(.head, "/v1/changes?after=beginning")
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(answer["Content-Type"] == "text/event-stream" && answer["X-Accel-Buffering"] == "no")
        let asked = call.gateway.state.withLock(\.feeds)
        #expect(asked.isEmpty)
        #expect(try await call(.head, "/v1/changes?after=x").status == 400)
    }
}
