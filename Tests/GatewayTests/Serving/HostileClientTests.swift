import Foundation
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("Slow and hostile clients")
struct HostileClientTests {
    /// Short times, so that the tests are short.
    private static func short(_ options: inout TestServer.Options) {
        options.serving.limits.head = .milliseconds(200)
        options.serving.limits.idle = .milliseconds(300)
        options.serving.limits.body = .milliseconds(200)
        options.serving.limits.bodyBytesPerSecond = 1 << 20
        options.serving.limits.stalled = .milliseconds(300)
    }

    @Test("A head that comes byte by byte is answered with 408 and cut off", .timeLimit(.minutes(1)))
    func slowHead() async throws {
        let answer = try await TestServer.with(MemoryGateway(), Self.short) { server in
            try await server.connect { client in
                try await client.send("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nX-Slow: ")
                return await client.drip("a")
            }
        }
        #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
        #expect(answer.contains("/problems/request-timeout"))
    }

    @Test("A body that comes byte by byte is answered with 408 and not written", .timeLimit(.minutes(1)))
    func slowBody() async throws {
        let gateway = MemoryGateway()
        let answer = try await TestServer.with(
            gateway,
            {
                Self.short(&$0)
                $0.limits.value = 1 << 20
            }
        ) { server in
            let answer = try await server.connect { client in
                try await client.send("PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
                return await client.drip("a")
            }
            // What was set aside for the body is free again.
            try await eventually({ server.door.admit(.init(kind: .write, bytes: 128 << 20)) }) { $0 == nil }
            return answer
        }
        #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
        #expect(gateway.state.withLock { $0.writes.isEmpty })
    }

    @Test("A connection that says nothing is closed, before its first request and after it", .timeLimit(.minutes(1)))
    func idle() async throws {
        try await TestServer.with(MemoryGateway(), Self.short) { server in
            let unasked = try await server.exchange("")
            #expect(unasked.isEmpty)
            let answer = try await server.exchange("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test(
        "Bytes that are no HTTP, and heads that are too large, are answered with a problem document",
        .timeLimit(.minutes(1)),
        arguments: [
            ("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nX-Bell: \u{7}\r\n\r\n", "400", "malformed-request"),
            ("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nb\u{e4}d: x\r\n\r\n", "400", "malformed-request"),
            ("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: no\r\n\r\n", "400", "malformed-request"),
            ("\u{16}\u{3}\u{1}\u{2}\r\n\r\n", "400", "malformed-request"),
            ("GET /v1/kv/k HTTP/9.9\r\nHost: x\r\n\r\n", "400", "malformed-request"),
            (
                "GET /v1/kv/k HTTP/1.1\r\nX-Big: " + String(repeating: "x", count: 20_000) + "\r\n\r\n", "431",
                "headers-too-large"
            ),
            (
                "GET /v1/kv/k HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 200) + "\r\n", "431",
                "headers-too-large"
            ),
            (
                "GET /v1/kv/" + String(repeating: "x", count: 20_000) + " HTTP/1.1\r\n\r\n", "431", "headers-too-large"
            ),
        ])
    func malformed(bytes: String, status: String, problem: String) async throws {
        let answer = try await TestServer.with { try await $0.exchange(bytes) }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(300))")
        #expect(answer.contains("/problems/\(problem)"), "\(answer.prefix(300))")
        #expect(answer.lowercased().contains("connection: close"))
        #expect(answer.lowercased().contains("date: "))
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "answered once")
    }

    @Test("What is wrong behind a good request is answered after it", .timeLimit(.minutes(1)))
    func malformedBehind() async throws {
        let answer = try await TestServer.with { server in
            try await server.exchange("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
        }
        let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
        #expect(statuses == ["404", "400"], "\(answer)")
    }

    @Test(
        "A client that sends requests without end and takes no answer is not read on, and then cut off",
        .timeLimit(.minutes(1)))
    func pipelining() async throws {
        let gateway = MemoryGateway()
        try await TestServer.with(
            gateway,
            {
                Self.short(&$0)
                $0.limits.value = 1 << 20
            }
        ) { server in
            let value = String(repeating: "x", count: 200_000)
            let put =
                "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nPrefer: wait=1\r\nConnection: close\r\n"
                + "Content-Length: 200000\r\n\r\n"
            #expect(try await server.exchange(put + value).hasPrefix("HTTP/1.1 201 "))
            let request = "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n"
            let sent = try await server.connect { client in
                var sent = 0
                // Ends with an error: the server closes the connection while more is written to it.
                do {
                    while sent < 2_000_000 {
                        try await client.send(String(repeating: request, count: 1_000))
                        sent += 1_000
                    }
                } catch {}
                try await eventually({ client.channel.isActive }) { !$0 }
                return sent
            }
            let answered = gateway.state.withLock { $0.reads.count }
            // So many values fit the two sockets' buffers; the rest is never read.
            #expect(answered < 500 && answered * 10 < sent, "\(answered) of \(sent)")
            // And nothing is left of them.
            try await eventually({ server.door.admit(.init(kind: .write, bytes: 128 << 20)) }) { $0 == nil }
        }
    }

    @Test("Connections beyond the limit are told so, far beyond it they are closed, and there is room again after them")
    func connections() async throws {
        let get = "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n"
        try await TestServer.with(MemoryGateway(), { $0.admission.connections = 1 }) { server in
            try await server.connect { first in
                try await first.send(get)
                let served = try await first.read(until: "}")
                #expect(served.hasPrefix("HTTP/1.1 404 "))
                let refused = try await server.connect { second in
                    try await eventually({ server.door.openConnections }) { $0 == 2 }
                    // A third one, while the second is there.
                    let third = (try? await server.exchange(get)) ?? ""
                    #expect(third.isEmpty)
                    try await second.send(get)
                    return await second.readToEnd()
                }
                #expect(refused.hasPrefix("HTTP/1.1 503 "), "\(refused)")
                #expect(refused.contains("/problems/overloaded") && refused.lowercased().contains("retry-after: 1"))
            }
            let close = "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            try await eventually({ try await server.exchange(close) }) { $0.hasPrefix("HTTP/1.1 404 ") }
        }
    }
}
