import Foundation
import Synchronization
import Testing

@testable import Gateway

@Suite("Overload")
struct OverloadTests {
    private static func put(_ key: String, _ fields: String = "") -> String {
        "PUT /v1/kv/\(key) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)Content-Length: 5\r\n\r\nhello"
    }

    private static func get(_ target: String) -> String {
        "GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    }

    @Test(
        "With slow parts behind, what is too much is refused at once, what was let in succeeds, and afterwards all is let in",
        .timeLimit(.minutes(1)))
    func shed() async throws {
        let gateway = MemoryGateway()
        try await TestServer.with(
            gateway,
            {
                $0.admission.requests = 4
                $0.admission.waiting = 4
            }
        ) { server in
            gateway.state.withLock { $0.isStalled = true }
            let accepted = try await withThrowingTaskGroup(of: String.self) { group in
                for n in 0..<40 {
                    group.addTask { try await server.exchange(Self.put("k\(n)")) }
                }
                // The refusals come while nothing else does.
                for _ in 0..<36 {
                    let answer = try #require(try await group.next())
                    #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
                    #expect(answer.contains("/problems/overloaded"))
                    #expect(answer.lowercased().contains("retry-after: 1"))
                }
                // Reads are counted apart; health and metrics are not counted at all.
                #expect(try await server.exchange(Self.get("/v1/kv/k")).hasPrefix("HTTP/1.1 404 "))
                for path in ["/readyz", "/livez", "/metrics"] {
                    #expect(try await server.exchange(Self.get(path)).hasPrefix("HTTP/1.1 200 "), "\(path)")
                }
                // A body is refused before it is sent.
                let unsent = "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"
                #expect(try await server.exchange(unsent).hasPrefix("HTTP/1.1 503 "))
                gateway.state.withLock { $0.isStalled = false }
                var accepted = 0
                for try await answer in group where answer.hasPrefix("HTTP/1.1 202 ") { accepted += 1 }
                return accepted
            }
            #expect(accepted == 4)
            #expect(gateway.state.withLock { $0.writes.count } == 4)
            for n in 0..<20 { #expect(try await server.exchange(Self.put("l\(n)")).hasPrefix("HTTP/1.1 202 ")) }
        }
    }

    @Test("Requests that wait stop nobody but each other", .timeLimit(.minutes(1)))
    func waiting() async throws {
        let gateway = MemoryGateway()
        try await TestServer.with(
            gateway,
            {
                $0.admission.requests = 2
                $0.admission.waiting = 3
            }
        ) { server in
            gateway.state.withLock { $0.isStalled = true }
            try await withThrowingTaskGroup(of: String.self) { group in
                for n in 0..<10 {
                    group.addTask { try await server.exchange(Self.put("k\(n)", "Prefer: wait=30\r\n")) }
                }
                for _ in 0..<7 {
                    let answer = try #require(try await group.next())
                    #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
                }
                group.addTask { try await server.exchange(Self.put("quick")) }
                #expect(try await server.exchange(Self.get("/v1/kv/k")).hasPrefix("HTTP/1.1 404 "))
                gateway.state.withLock { $0.isStalled = false }
                var statuses: [Substring] = []
                for try await answer in group { statuses.append(answer.dropFirst(9).prefix(3)) }
                #expect(statuses.sorted() == ["201", "201", "201", "202"])
            }
        }
    }

    @Test("Bodies are let in as long as there is memory for them", .timeLimit(.minutes(1)))
    func memory() async throws {
        let gateway = MemoryGateway()
        try await TestServer.with(gateway, { $0.admission.heldBytes = 14 }) { server in
            gateway.state.withLock { $0.isStalled = true }
            try await withThrowingTaskGroup(of: String.self) { group in
                for n in 0..<5 { group.addTask { try await server.exchange(Self.put("k\(n)")) } }
                for _ in 0..<3 {
                    let answer = try #require(try await group.next())
                    #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
                }
                gateway.state.withLock { $0.isStalled = false }
                for try await answer in group { #expect(answer.hasPrefix("HTTP/1.1 202 ")) }
            }
            #expect(try await server.exchange(Self.put("after")).hasPrefix("HTTP/1.1 202 "))
        }
    }
}
