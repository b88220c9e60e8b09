import Commands
import EventLog
import Foundation
import Gateway
import Testing

@Suite("End to end: long sessions")
struct SessionFoldTests {
    @Test("A session that wrote through many gateway runs is folded when it writes again")
    func folds() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let codec = SessionTokenCodec(clusterTag: cluster.description.tag, partitions: 1)
        let database = try SQL(cluster.database.connectionString)
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                #expect(try await gateway.put("k", "1", ["Prefer": "wait=20"]).status == 201)
                // Runs of the past, as the database remembers them.
                var token = SessionToken()
                for run in 1...40 as ClosedRange<UInt64> {
                    try database.run(
                        "INSERT INTO origins (partition, origin, n, last_applied_at) VALUES (0, \(run), 7, now())")
                    token.wrote(Dot(origin: Origin(run), n: run <= 37 ? 7 : 8), in: Partition(0))
                }
                for write in ["put", "delete", "batch"] {
                    let headers = ["Tidemark-Session": codec.encode(token)]
                    let answer =
                        switch write {
                        case "put": try await gateway.put("k", "2", headers)
                        case "delete": try await gateway.delete("k", headers)
                        default:
                            try await HTTP.send(
                                .post, gateway.url + "/v1/batch", headers,
                                body: #"{"operations":[{"op":"put","key":"k","value":"3"}]}"#)
                        }
                    #expect(answer.status == (write == "batch" ? 200 : 202), "\(answer)")
                    let mark = try #require(try codec.decode(answer.session)[Partition(0)])
                    #expect(mark.sequence > 0)
                    let origins = mark.pending.map(\.origin)
                    #expect(origins.count == 4 && [38, 39, 40].allSatisfy { origins.contains(Origin($0)) }, "\(write)")
                }
            }
        }
    }

    @Test("Dots of gateway runs that the database has forgotten hold up neither reads nor writes")
    func forgotten() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let codec = SessionTokenCodec(clusterTag: cluster.description.tag, partitions: 1)
        var token = SessionToken()
        for run in 1...(UInt64(SessionTokenCodec.maximumPendingDots)) {
            token.wrote(Dot(origin: Origin(run), n: 3), in: Partition(0))
        }
        let session = ["Tidemark-Session": codec.encode(token)]
        try await cluster.withGateway { gateway in
            try await cluster.withProjector { _ in
                #expect(try await gateway.put("k", "1", ["Prefer": "wait=20"]).status == 201)
                let put = try await gateway.put("k", "2", session)
                #expect(put.status == 202, "\(put)")
                #expect(try codec.decode(put.session)[Partition(0)]?.pending.count == 1)
                // Without Prefer: wait, and as many at once as there may be.
                let reads = try await withThrowingTaskGroup(of: HTTP.Answer.self) { group in
                    for _ in 0..<8 { group.addTask { try await gateway.get("k", session) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for read in reads {
                    #expect(read.status == 200, "\(read)")
                    #expect(try codec.decode(read.session)[Partition(0)]?.pending == [])
                }
            }
            // Nobody applies anything now: an unknown origin may as well be one that nothing was applied of yet.
            let read = try await gateway.get("k", session)
            #expect(read.status == 503 && read.json["type"] as? String == "/problems/session-not-reached", "\(read)")
            let put = try await gateway.put("k", "3", session)
            #expect(put.status == 503 && put.json["type"] as? String == "/problems/session-not-reached", "\(put)")
        }
    }
}
