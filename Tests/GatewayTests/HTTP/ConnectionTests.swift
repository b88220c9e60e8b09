import EventLog
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Gateway

@Suite("On a connection")
struct ConnectionTests {
    /// Sends bytes to a server with small limits and gives back all it answers until it closes the connection.
    private func exchange(_ parts: [String], gateway: MemoryGateway = MemoryGateway()) async throws -> String {
        let (ports, portFound) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: GatewayResponder(useCases: gateway, limits: HTTPLimits(value: 100)),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in portFound.yield(channel.localAddress!.port!) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            let port = try #require(await ports.first { _ in true })
            let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let answer = try await connection.executeThenClose { inbound, outbound in
                for part in parts { try await outbound.write(ByteBuffer(string: part)) }
                var answer = ""
                for try await part in inbound { answer += String(buffer: part) }
                return answer
            }
            group.cancelAll()
            return answer
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
        #expect(!answer.contains(" 202 "))
        #expect(gateway.state.withLock { $0.writes.isEmpty })
    }
}
