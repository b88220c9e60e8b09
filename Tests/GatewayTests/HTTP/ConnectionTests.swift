import EventLog
import Foundation
import Synchronization
import Testing

@testable import Gateway

@Suite("On a connection")
struct ConnectionTests {
    /// Sends bytes to a server with small limits and gives back all it answers until it closes the connection.
    private func exchange(_ parts: [String], gateway: MemoryGateway = MemoryGateway()) async throws -> String {
        try await converse([(parts.joined(), nil)], gateway: gateway)
    }

    /// The same step by step: each is sent when the answer to the one before ends with what it waits for. What is sent
    /// endlessly goes on until the server closes the connection.
    private func converse(
        _ steps: [(send: String, until: String?)], thenEndlessly filler: String? = nil,
        gateway: MemoryGateway = MemoryGateway()
    ) async throws -> String {
        try await TestServer.with(gateway) { server in
            try await server.connect { client in
                var answer = ""
                for step in steps {
                    try await client.send(step.send)
                    if let end = step.until { answer += try await client.read(until: end) }
                }
                return answer + (filler == nil ? await client.readToEnd() : await client.drip(filler!))
            }
        }
    }

    @Test(
        "A value announced as too large is refused before it is sent, and the connection closes",
        .timeLimit(.minutes(1)))
    func announced() async throws {
        let answer = try await exchange(["PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"])
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.contains("/problems/value-too-large"))
        #expect(answer.lowercased().contains("connection: close"))
    }

    @Test("A client that waits to be asked for the body is asked, unless the answer is clear", .timeLimit(.minutes(1)))
    func asked() async throws {
        let gateway = MemoryGateway()
        let expect = "Host: x\r\nExpect: 100-Continue\r\n"
        let written = try await converse(
            [
                ("PUT /v1/kv/k HTTP/1.1\r\n\(expect)Prefer: wait=1\r\nContent-Length: 5\r\n\r\n", "\r\n\r\n"),
                ("hello", "}"),
                ("PUT /v1/kv/k HTTP/1.1\r\n\(expect)Transfer-Encoding: chunked\r\n\r\n", "\r\n\r\n"),
                ("5\r\nworld\r\n0\r\n\r\n", "}"),
                ("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", nil),
            ], gateway: gateway)
        let statuses = written.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
        #expect(statuses == ["100", "201", "100", "202", "200"], "\(written)")
        #expect(gateway.state.withLock { $0.writes.count } == 2)
        for (line, status) in [
            ("PUT /v1/kv/k HTTP/1.1\r\n\(expect)Content-Length: 101\r\n", "413"),
            ("PUT /v1/kv/k HTTP/1.1\r\n\(expect)Content-Length: 5\r\nTidemark-TTL: x\r\n", "400"),
            ("PUT /nowhere HTTP/1.1\r\n\(expect)Content-Length: 5\r\n", "404"),
            ("GET /v1/kv/k HTTP/1.1\r\n\(expect)Content-Length: 5\r\n", "404"),
        ] {
            // Nothing is sent after it, so the answer can't have waited for the body, and the connection closes.
            let answer = try await converse([(line + "\r\n", nil)])
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        }
    }

    @Test(
        "A body that never ends, where none belongs, is answered and cut off", .timeLimit(.minutes(1)),
        arguments: ["GET", "DELETE", "OPTIONS", "PATCH"])
    func endless(method: String) async throws {
        let answer = try await converse(
            [("\(method) /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", nil)],
            thenEndlessly: "10\r\n0123456789abcdef\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 "))
        #expect(answer.lowercased().contains("connection: close"), "\(answer)")
    }

    @Test("A short body where none belongs is skipped, and the connection kept", .timeLimit(.minutes(1)))
    func skipped() async throws {
        let answer = try await exchange([
            "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
            "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ])
        #expect(answer.components(separatedBy: "HTTP/1.1 404 ").count == 3, "\(answer)")
    }

    @Test("A chunked value is refused as soon as it is too large", .timeLimit(.minutes(1)))
    func chunked() async throws {
        let chunk = "40\r\n" + String(repeating: "x", count: 64) + "\r\n"
        let answer = try await exchange(
            ["PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, chunk, chunk])
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
    }

    @Test("Keep-alive goes on after writes, refusals, 304 and 204", .timeLimit(.minutes(1)))
    func keepAlive() async throws {
        let gateway = MemoryGateway()
        let answer = try await exchange(
            [
                "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nPrefer: wait=1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "5\r\nhello\r\n0\r\n\r\n",
                "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nPrefer: wait=1\r\nIf-None-Match: *\r\nContent-Length: 2\r\n\r\nhi",
                "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"1\"\r\n\r\n",
                "HEAD /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n",
                "DELETE /v1/kv/k HTTP/1.1\r\nHost: x\r\nPrefer: wait=1\r\n\r\n",
                "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            ], gateway: gateway)
        let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
        #expect(statuses == ["201", "412", "304", "200", "204", "404"], "\(answer)")
        #expect(gateway.state.withLock { $0.events[0].size } == 5)
    }

    @Test("A body that stops short is not written", .timeLimit(.minutes(1)))
    func interrupted() async throws {
        let gateway = MemoryGateway()
        let answer = try await exchange(
            [
                "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                "nonsense\r\n\r\n",
            ], gateway: gateway)
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("/problems/malformed-request"), "\(answer)")
        #expect(gateway.state.withLock { $0.writes.isEmpty })
    }

    @Test("A body without its last chunk is not written, when the client ends there", .timeLimit(.minutes(1)))
    func unended() async throws {
        let gateway = MemoryGateway()
        _ = try await exchange(
            ["PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
            gateway: gateway)
        #expect(gateway.state.withLock { $0.writes.isEmpty })
    }
}
