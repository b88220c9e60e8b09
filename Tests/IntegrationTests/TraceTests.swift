import Foundation
import LocalStack
import Testing

@Suite("Traces", .serialized)
struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test("A recorded trace is in nginx's log, a gateway's, a projector's and in the event, with the command's id")
    func recorded() async throws {
        try await DevProcess.with(["--gateways", "2", "--partitions", "2"]) { dev in
            let put = try await HTTP.send(
                .put, dev.url + "/v1/kv/traced",
                [
                    "traceparent": "00-\(Self.trace)-00f067aa0ba902b7-01", "X-Request-Id": "order-7",
                    "Prefer": "wait=20",
                ], body: "1")
            #expect(put.status == 201, "\(put)")
            #expect(put.headers["x-request-id"] == "order-7")
            let command = try #require(put.json["command"] as? String)

            for (files, message) in [
                (["nginx/access.log"], nil), (["roles/gateway-1.log", "roles/gateway-2.log"], "request"),
                (["roles/projector-1.log"], "command ended"),
            ] as [([String], String?)] {
                let line = try await dev.line(in: files, of: Self.trace)
                #expect(line["command_id"] as? String == command, "\(files): \(line)")
                #expect(line["message"] as? String == message, "\(files): \(line)")
                #expect(line["span_id"] as? String == "00f067aa0ba902b7")
                if message != "command ended" { #expect(line["request_id"] as? String == "order-7") }
            }
            let event = try await dev.run("history", "traced", "--output", "json")
            let members = try #require(JSONSerialization.jsonObject(with: Data(event.utf8)) as? [String: Any])
            #expect(members["command"] as? String == command)
            #expect(members["traceparent"] as? String == "00-\(Self.trace)-00f067aa0ba902b7-01")
        }
    }

    @Test("Without a trace of the client's, nginx begins one, and its line leads to the event by the command's id")
    func begun() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let port = try #require(URL(string: gateway.url)?.port)
                let nginx = try NginxServer(
                    directory: TestServers.directory.appendingPathComponent("\(cluster.name)-nginx"),
                    gatewayPorts: [port])
                try await nginx.start()
                let url = "http://127.0.0.1:\(nginx.port)"
                let waited = try await HTTP.send(.put, url + "/v1/kv/a", ["Prefer": "wait=20"], body: "1")
                #expect(waited.status == 201, "\(waited)")
                let gone = try await HTTP.send(.delete, url + "/v1/kv/a", ["Prefer": "wait=20"])
                #expect(gone.status == 204, "\(gone)")
                let logged = try String(contentsOf: nginx.accessLog, encoding: .utf8).split(separator: "\n").map {
                    try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
                }
                let history = try await gateway.history("a")
                #expect(logged.count == 2 && history.count == 2, "\(logged)\n\(history)")
                for (line, event) in zip(logged, history) {
                    let id = try #require(line["command_id"] as? String)
                    let status = try await HTTP.send(.get, url + "/v1/commands/\(id)")
                    #expect(status.json["key"] as? String == "a")
                    #expect(status.json["version"] as? Int == event["version"] as? Int, "\(status)")
                    #expect(
                        event["traceparent"] as? String
                            == "00-\(line["trace_id"] ?? "")-\(line["span_id"] ?? "")-00")
                }
                #expect(logged[0]["trace_id"] as? String != logged[1]["trace_id"] as? String)
                await nginx.stop()
            }
        }
    }

    @Test("Every event of a batch has the batch's trace, a refused one too; one without a trace has none")
    func batch() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let traceparent = "00-\(Self.trace)-00f067aa0ba902b7-00"
                let body = """
                    {"operations":[{"op":"put","key":"b","value":"x"},
                    {"op":"put","key":"b","value":"y","if_none_match":"*"},{"op":"delete","key":"b"}]}
                    """
                let answer = try await HTTP.send(
                    .post, gateway.url + "/v1/batch", ["Prefer": "wait=20", "traceparent": traceparent], body: body)
                #expect(answer.status == 200, "\(answer)")
                #expect(try await gateway.put("b", "z", ["Prefer": "wait=20", "traceparent": "00-x"]).status == 201)
                let events = try await gateway.history("b")
                #expect(events.map { $0["kind"] as? String } == ["put", "rejected", "deleted", "put"])
                #expect(
                    events.map { $0["traceparent"] as? String } == [traceparent, traceparent, traceparent, nil],
                    "\(events)")
            }
        }
    }
}

extension DevProcess {
    /// The line that has the trace, in any of these files of the data directory.
    fileprivate func line(in files: [String], of trace: String) async throws -> [String: Any] {
        func found() throws -> [String] {
            try files.flatMap { file in
                let text = try String(contentsOf: directory.appendingPathComponent("data/\(file)"), encoding: .utf8)
                return text.split(separator: "\n").map(String.init).filter { $0.contains(trace) }
            }
        }
        try await eventually("a line in \(files)", state: found) { !$0.isEmpty }
        let line = try #require(found().first)
        return try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
}
