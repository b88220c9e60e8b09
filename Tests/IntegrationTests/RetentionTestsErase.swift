import Audit
import Cache
import Commands
import EventLog
import Foundation
import Gateway
import NIOCore
import Retention
import Testing

@Suite("Erasure")
struct RetentionTestsErase {
    private static let wait = ["Prefer": "wait=20"]
    private static let secret = "born 1815-12-10"

    /// Tables that hold the secret anywhere.
    private func traces(_ cluster: TestCluster) throws -> [String] {
        let sql = try SQL(cluster.database.connectionString)
        return try ["events", "kv", "kv_even", "dead_letters"].filter { table in
            try sql.one(
                "SELECT count(*) FROM \(table) AS t WHERE t::text LIKE '%' || encode('\(Self.secret)', 'hex') || '%'")
                != "0"
        }
    }

    @Test("After an erasure no answer of any gateway, cached or not, shows the value; the record and the trees stand")
    func everywhere() async throws {
        let cluster = try await TestCluster()
        let key = try Key("person/7")
        let partition = cluster.description.partitioner.partition(of: key)
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let first = try await gateway.put("person/7", Self.secret + " one", Self.wait)
                _ = try await gateway.put("person/7", Self.secret + " two", Self.wait)
                let last = try await gateway.put("person/7", Self.secret, Self.wait)
                let other = try await gateway.put("person/70", "another's", Self.wait)
                try await eventually("cached", state: { try await gateway.get("person/7") }) {
                    $0.headers["cache-status"] == "tidemark; hit" && $0.text == Self.secret
                }
                let versions = try await gateway.history("person/7").compactMap { $0["version"] as? Int }
                let times = try await gateway.history("person/7").compactMap { $0["time"] as? String }
                let letter = "'\\x\(Data("..\(Self.secret)".utf8).map { String(format: "%02x", $0) }.joined())'"
                try SQL(cluster.database.connectionString).run(
                    """
                    INSERT INTO dead_letters (
                        partition, command_id, key, command, origin, origin_seq, reason, died_at, seq)
                    VALUES (\(partition), gen_random_uuid(), 'person/7', \(letter), 1, 1, 'broken', now(), 1)
                    """)
                // A rebuild was given up half way.
                try SQL(cluster.database.connectionString).run("INSERT INTO kv_even SELECT * FROM kv")
                #expect(try traces(cluster) == ["events", "kv", "kv_even", "dead_letters"])

                try await cluster.withOperator { tool in
                    let report = try await tool.eraser().erase(key, Erasure(reason: "Art. 17, 4711"))
                    #expect(report.values == 3 && report.deadLetters == 1, "\(report)")
                    #expect(try traces(cluster) == [])

                    for headers in [
                        [:], ["Tidemark-Consistency": "applied"], ["Tidemark-Consistency": "linearizable"],
                        ["Tidemark-Session": last.session],
                    ] {
                        let answer = try await gateway.get("person/7", headers)
                        #expect(answer.status == 404, "\(headers): \(answer)")
                    }
                    try await eventually("the absence cached", state: { try await gateway.get("person/7") }) {
                        $0.headers["cache-status"] == "tidemark; hit" && $0.status == 404
                    }
                    for version in versions {
                        let answer = try await gateway.get("person/7?version=\(version)")
                        #expect(answer.status == 410, "\(answer)")
                        #expect(answer.json["type"] as? String == "/problems/value-erased")
                    }
                    for time in times { #expect(try await gateway.get("person/7?at=\(time)").status == 410) }
                    #expect(try await gateway.get("person/7?version=\(report.record ?? 0)").status == 404)
                    let list = try await HTTP.send(.get, gateway.url + "/v1/kv?prefix=person/&values=true")
                    #expect(list.text.contains("another's") && !list.text.contains("person/7\""), "\(list)")
                    let history = try await HTTP.send(.get, gateway.url + "/v1/history/person/7?values=true")
                    #expect(!history.text.contains("value\""), "\(history)")
                    let events = history.json["events"] as? [[String: Any]] ?? []
                    #expect(events.map { $0["kind"] as? String } == ["put", "put", "put", "deleted", "erased"])
                    #expect(events.map { $0["erased"] as? Bool } == [true, true, true, nil, nil])
                    #expect(events.last?["reason"] as? String == "Art. 17, 4711")
                    #expect(events.last?["principal"] as? String == "dpo")
                    let status = try await HTTP.send(
                        .get, gateway.url + "/v1/commands/\(first.json["command"] as? String ?? "")")
                    #expect(status.json["status"] as? String == "applied", "\(status)")
                    #expect(try await gateway.get("person/70").headers["etag"] == other.headers["etag"])
                    #expect(try await tool.divergences() == [])

                    let again = try await tool.eraser().erase(key, Erasure(reason: "once more"))
                    #expect(again.record == nil, "nothing left, so nothing recorded")
                    #expect(try await gateway.put("person/7", "anew", Self.wait).status == 201)
                    #expect(try await gateway.get("person/7").text == "anew")
                }
            }
        }
    }

    @Test(
        "Writes that were accepted before the erasure are erased with the rest; a fill that was under way brings nothing back"
    )
    func races() async throws {
        let cluster = try await TestCluster()
        let key = try Key("k")
        let partition = cluster.description.partitioner.partition(of: key)
        try await cluster.withGateway { gateway in
            try await cluster.withOperator { tool in
                #expect(try await gateway.put("k", Self.secret).status == 202)
                try await cluster.withProjector { _ in
                    try await eventually("applied", state: { try await gateway.get("k").status }) { $0 == 200 }
                }
                #expect(try await gateway.put("k", Self.secret + " queued").status == 202)
                let erasing = Task { try await tool.eraser().erase(key, Erasure(reason: "r")) }
                try await cluster.withProjector { _ in
                    #expect(try await erasing.value.record != nil)
                    #expect(try await gateway.get("k", ["Tidemark-Consistency": "linearizable"]).status == 404)
                    #expect(try traces(cluster) == [])

                    // A reader that read the value before the erasure, and fills after it.
                    #expect(try await gateway.put("k", Self.secret, Self.wait).status == 201)
                    let reading = try await tool.log.read(key, in: partition, origins: [])
                    var lease: CacheLease?
                    try await eventually(
                        "a lease",
                        state: { () async throws -> CacheLease? in
                            guard case .miss(let slot) = try await gateway.cache.lookUp(key, in: partition),
                                case .granted(let granted) = try await gateway.cache.takeLease(on: slot)
                            else { return nil }
                            lease = granted
                            return granted
                        }
                    ) { $0 != nil }
                    #expect(try await tool.eraser().erase(key, Erasure(reason: "r")).values == 1)
                    let value = try #require(reading.value)
                    let entry = CacheEntry(
                        state: value.state, modifiedAt: value.modifiedAt, contentType: value.content.type,
                        value: ByteBuffer(bytes: value.content.value))
                    #expect(try await gateway.cache.fill(try #require(lease), with: entry) == false)
                    #expect(try await gateway.get("k").status == 404)
                }
            }
        }
    }

    @Test("Some versions of a key, then every key of a prefix, in pieces when there are many")
    func partsAndPrefixes() async throws {
        let cluster = try await TestCluster()
        let key = try Key("p/a")
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                for value in ["1", "2", "3"] { _ = try await gateway.put("p/a", value, Self.wait) }
                _ = try await gateway.put("p/b", "b", Self.wait)
                _ = try await gateway.delete("p/b", Self.wait)
                _ = try await gateway.put("q", "q", Self.wait)
                let versions = try await gateway.history("p/a").compactMap { $0["version"] as? Int }
                try await cluster.withOperator { tool in
                    let report = try await tool.eraser().erase(
                        key, Erasure(reason: "r", first: UInt64(versions[0]), last: UInt64(versions[1])))
                    #expect(report.values == 2)
                    #expect(try await gateway.get("p/a").text == "3", "the current value is none of them")
                    #expect(try await gateway.get("p/a?version=\(versions[1])").status == 410)
                    #expect(
                        try await gateway.history("p/a").last?["reason"] as? String
                            == "versions \(versions[0]) to \(versions[1]): r")
                    // 1,201 versions of one key: three commands.
                    _ = try await HTTP.send(
                        .post, gateway.url + "/v1/batch", ["Prefer": "wait=30", "Content-Type": "application/json"],
                        body: batch(600))
                    _ = try await HTTP.send(
                        .post, gateway.url + "/v1/batch", ["Prefer": "wait=30", "Content-Type": "application/json"],
                        body: batch(600))
                    let reports = Recorder<Eraser.Report>()
                    _ = try await tool.eraser().erase(prefix: "p/", Erasure(reason: "all")) { reports.append($0) }
                    let done = Dictionary(uniqueKeysWithValues: reports.all.map { ($0.key.text, $0.values) })
                    #expect(done == ["p/a": 1_201, "p/b": 1])
                    let kinds = try SQL(cluster.database.connectionString).run(
                        "SELECT kind, count(*) FROM events WHERE key = 'p/a' AND kind <> 'put' GROUP BY kind ORDER BY kind"
                    )
                    #expect(kinds == [["deleted", "1"], ["erased", "4"]])
                    #expect(try await gateway.get("p/a").status == 404)
                    #expect(try await gateway.get("q").text == "q")
                    #expect(try await tool.divergences() == [])
                }
            }
        }
    }

    private func batch(_ count: Int) -> String {
        let operations = (0..<count).map { #"{"op":"put","key":"p/a","value":"\#($0)"}"# }
        return #"{"operations":[\#(operations.joined(separator: ","))]}"#
    }
}
