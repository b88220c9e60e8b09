import Foundation
import Synchronization
import Testing

@testable import Gateway

@Suite("Draining")
struct DrainTests {
    private static let put = "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    private static let get = "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test(
        "What is under way is answered, a request on an idle connection too, each as its connection's last",
        .timeLimit(.minutes(1)))
    func drain() async throws {
        let gateway = MemoryGateway()
        try await TestServer.with(gateway, { $0.serving.drainIdleTimeout = .seconds(60) }) { server in
            gateway.state.withLock { $0.isStalled = true }
            let finished = Task { try await server.exchange(Self.put) }
            try await eventually({ gateway.state.withLock { $0.stalled } }) { $0 == 1 }
            try await server.connect { idle in
                try await idle.send(Self.get)
                let served = try await idle.read(until: "}")
                #expect(served.hasPrefix("HTTP/1.1 404 "))
                try await server.connect { other in
                    try await other.send(Self.get)
                    let kept = try await other.read(until: "}").lowercased()
                    #expect(!kept.contains("connection: close"))

                    await server.drain()
                    // No new connection; one that comes just in between is still answered.
                    let close = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                    try await eventually({ try? await server.exchange(close) }) { $0 == nil }

                    try await idle.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                    let unready = await idle.readToEnd()
                    #expect(unready.hasPrefix("HTTP/1.1 503 ") && unready.contains("draining"), "\(unready)")
                    #expect(unready.lowercased().contains("connection: close"))

                    try await other.send(Self.put)
                    gateway.state.withLock { $0.isStalled = false }
                    let last = await other.readToEnd()
                    #expect(last.hasPrefix("HTTP/1.1 202 ") && last.lowercased().contains("connection: close"))
                }
            }
            let answer = try await finished.value
            #expect(answer.hasPrefix("HTTP/1.1 202 ") && answer.lowercased().contains("connection: close"))
            try await server.end()
            #expect(gateway.state.withLock { $0.writes.count } == 2)
        }
    }

    @Test("Idle connections are closed when their time is over, and the server ends", .timeLimit(.minutes(1)))
    func idle() async throws {
        try await TestServer.with(MemoryGateway(), { $0.serving.drainIdleTimeout = .milliseconds(50) }) { server in
            try await server.connect { client in
                try await client.send(Self.get)
                _ = try await client.read(until: "}")
                await server.drain()
                let more = await client.readToEnd()
                #expect(more.isEmpty)
            }
            try await server.end()
        }
    }

    @Test("Who still waits when the time is over is told so instead of being cut off", .timeLimit(.minutes(1)))
    func patient() async throws {
        let gateway = MemoryGateway()
        gateway.state.withLock { $0.isStalled = true }
        try await TestServer.with(gateway, { $0.serving.drainTimeout = .milliseconds(100) }) { server in
            let put = Self.put.replacing("Host: x", with: "Host: x\r\nPrefer: wait=60")
            let answer = Task { try await server.exchange(put) }
            try await eventually({ gateway.state.withLock { $0.stalled } }) { $0 == 1 }
            await server.drain()
            let text = try await answer.value
            #expect(text.hasPrefix("HTTP/1.1 201 ") && text.lowercased().contains("connection: close"), "\(text)")
            try await server.end()
        }
    }
}
