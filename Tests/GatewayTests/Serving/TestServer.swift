import Foundation
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import Gateway

/// The gateway's server on a loopback port, over a dictionary.
struct TestServer: Sendable {
    struct Options {
        var limits = HTTPLimits(value: 100)
        var admission = Admission.Limits()
        var serving: GatewayServer.Configuration = {
            var serving = GatewayServer.Configuration()
            serving.port = 0
            serving.drainIdleTimeout = .zero
            return serving
        }()
    }

    let gateway: MemoryGateway
    let door: FrontDoor
    let port: Int
    private let services: ServiceGroup
    private let running: Task<Void, any Error>

    static func with<Result: Sendable>(
        _ gateway: MemoryGateway = MemoryGateway(), _ change: (inout Options) -> Void = { _ in },
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        var options = Options()
        change(&options)
        let server = try await TestServer(gateway, options)
        do {
            let result = try await body(server)
            server.running.cancel()
            _ = await server.running.result
            return result
        } catch {
            server.running.cancel()
            _ = await server.running.result
            throw error
        }
    }

    private init(_ gateway: MemoryGateway, _ options: Options) async throws {
        self.gateway = gateway
        let door = FrontDoor(options.admission)
        self.door = door
        let (ports, portFound) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = GatewayServer(
            responder: GatewayResponder(useCases: gateway, limits: options.limits, door: door),
            configuration: options.serving, logger: logger
        ) { portFound.yield($0) }
        let services = ServiceGroup(configuration: .init(services: [server], logger: logger))
        self.services = services
        running = Task { try await services.run() }
        port = try #require(await ports.first { _ in true })
    }

    /// As SIGTERM does.
    func drain() async { await services.triggerGracefulShutdown() }

    /// Returns when the server has ended.
    func end() async throws { try await running.value }

    /// Lends a connection, and closes it.
    func connect<Result: Sendable>(
        _ body: (inout Conversation) async throws -> Result
    ) async throws -> Result {
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            var conversation = Conversation(
                channel: connection.channel, parts: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&conversation)
        }
    }

    /// Sends a request on a connection of its own and gives back all that is answered until the server closes.
    func exchange(_ bytes: String) async throws -> String {
        try await connect { client in
            try await client.send(bytes)
            return await client.readToEnd()
        }
    }
}

/// A client that sends what it likes.
struct Conversation {
    let channel: any Channel
    fileprivate var parts: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// Reads until what has come ends so, or the server closes.
    mutating func read(until end: String) async throws -> String {
        var answer = ""
        while !answer.hasSuffix(end) {
            guard let part = try await parts.next() else { break }
            answer += String(buffer: part)
        }
        return answer
    }

    /// A connection that is reset while much is under way to it has been closed, too.
    mutating func readToEnd() async -> String {
        var answer = ""
        while let part = try? await parts.next() { answer += String(buffer: part) }
        return answer
    }

    /// Sends a piece again and again, a millisecond apart, until the server closes, and gives back what it answered.
    mutating func drip(_ piece: String) async -> String {
        let outbound = outbound
        let dripping = Task {
            while true {
                try await outbound.write(ByteBuffer(string: piece))
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        defer { dripping.cancel() }
        return await readToEnd()
    }
}

/// Polls until the state is as wanted.
func eventually<State: Sendable>(
    within limit: Duration = .seconds(20), _ state: () async throws -> State, is wanted: (State) -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        let last = try await state()
        if wanted(last) { return }
        if ContinuousClock.now > deadline {
            Issue.record("still \(last) after \(limit)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
