import Foundation
import Testing

@testable import LocalStack

/// What nginx logs by compose/nginx/trace.conf, in front of nothing: it answers 502, and logs as ever.
@Suite("nginx's log")
struct NginxLogTests {
    private static let ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"

    /// Sends each request on a connection of its own.
    private func lines(of requests: [[UInt8]]) async throws -> [[String: Any]] {
        try await withScratchDirectory { directory in
            let nginx = try NginxServer(directory: directory, gatewayPorts: [try FreePort.allocate()])
            try await nginx.start()
            for request in requests {
                _ = try await LoopbackConnection.run(port: nginx.port) { connection in
                    try connection.write(request)
                    return try connection.readLine()
                }
            }
            func text() throws -> Data { try Data(contentsOf: nginx.accessLog) }
            try await eventually({ try text().count { $0 == UInt8(ascii: "\n") } }, is: { $0 >= requests.count })
            await nginx.stop()
            let whole = try #require(String(validating: try text(), as: UTF8.self), "not UTF-8")
            return try whole.split(separator: "\n").map { line in
                try #require(
                    JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "no JSON: \(line)")
            }
        }
    }

    private func request(_ target: String = "/", _ headers: [String] = []) -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".utf8)
            + headers.flatMap { Array("\($0)\r\n".utf8) } + Array("\r\n".utf8)
    }

    @Test("Each line is a JSON object with a trace, whatever the client sends")
    func hostile() async throws {
        let requests: [[UInt8]] = [
            request("/v1/kv/\"a\\\"}"), request("/v1/kv/%00%ff%22?\"x=\u{7f}"),
            Array("GET /v1/kv/".utf8) + [0xff, 0xc3, 0x28] + Array(" HTTP/1.1\r\nHost: x\r\n".utf8)
                + Array("traceparent: 00-".utf8) + [0xff] + Array("\r\nX-Request-Id: a\"".utf8) + [0xfe, 0x01]
                + Array("\r\nUser-Agent: \"".utf8) + [0xff] + Array("\r\nConnection: close\r\n\r\n".utf8),
            request("/", ["X-Request-Id: \"},{\"", "traceparent: 00-\(Self.ids)-01\",\"admin\":\"1"]),
            request("/", ["X-Request-Id: " + String(repeating: "x", count: 129)]),
            Array("\"BAD\u{1} / HTTP/1.1\r\n\r\n".utf8), Array("GET / HTTP/1.1\r\n\r\n".utf8),
        ]
        let lines = try await lines(of: requests)
        #expect(lines.count == requests.count)
        for line in lines {
            #expect((line["trace_id"] as? String)?.wholeMatch(of: #/[0-9a-f]{32}/#) != nil, "\(line)")
            #expect((line["span_id"] as? String)?.wholeMatch(of: #/[0-9a-f]{16}/#) != nil, "\(line)")
            #expect((line["request_id"] as? String)?.wholeMatch(of: #/[0-9a-f]{32}/#) != nil, "\(line)")
            #expect(line["status"] is Int && line["duration_s"] is Double, "\(line)")
            #expect(line["admin"] == nil)
        }
    }

    @Test("A well-formed trace and request id are kept, others replaced")
    func names() async throws {
        let cases: [(trace: String, isKept: Bool)] = [
            ("00-\(Self.ids)-01", true), ("00-\(Self.ids)-00", true), ("cc-\(Self.ids)-01-what.comes", true),
            ("00-\(Self.ids)-01-x", false), ("ff-\(Self.ids)-01", false), ("00-\(Self.ids.uppercased())-01", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false), ("00-\(Self.ids)", false),
        ]
        let lines = try await lines(
            of: cases.map { request("/v1/history/a", ["traceparent: \($0.trace)", "X-Request-Id: order-7"]) })
        for (line, (trace, isKept)) in zip(lines, cases) {
            #expect((line["trace_id"] as? String == "4bf92f3577b34da6a3ce929d0e0e4736") == isKept, "\(trace)")
            #expect((line["span_id"] as? String == "00f067aa0ba902b7") == isKept, "\(trace)")
            #expect(line["request_id"] as? String == "order-7")
            #expect(line["route"] as? String == "/v1/history/{key}")
        }
    }
}
