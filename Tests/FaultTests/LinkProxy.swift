import NIOCore
import NIOPosix
import Synchronization

/// Stands between a role's processes and a server, passes bytes on, and makes trouble when told to.
final class LinkProxy: Sendable {
    enum Trouble: Sendable, Equatable {
        case none
        /// Each piece of data, in each direction.
        case delay(Duration)
        /// Connections are closed, and new ones too, as long as it lasts.
        case cut
        /// The same with RST in place of FIN.
        case reset
        /// Nothing comes through, not even the end of a connection. Nothing is lost either, as TCP would have it.
        case blackHole
        /// What holds this text goes to the server; the answer does not come back, and the connection is reset.
        case eatAnswers(to: String)
    }

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private struct State {
        var trouble = Trouble.none
        var open: [ObjectIdentifier: any Channel] = [:]
        /// Clients whose answers don't come back.
        var mute: Set<ObjectIdentifier> = []
        /// How often trouble met a connection or its data.
        var met = 0
        var listening: Task<Void, Never>?
    }

    let port: Int
    private let target: Int
    private let state = Mutex(State())

    private init(port: Int, target: Int) {
        self.port = port
        self.target = target
    }

    /// Listens on a free port of 127.0.0.1 for connections to `target` there, until ``close()``.
    static func start(to target: Int) async throws -> LinkProxy {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { wrap($0) }
        let proxy = LinkProxy(port: listener.channel.localAddress?.port ?? 0, target: target)
        let listening = Task<Void, Never> {
            _ = try? await listener.executeThenClose { clients in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await client in clients { group.addTask { await proxy.serve(client) } }
                }
            }
        }
        proxy.state.withLock { $0.listening = listening }
        return proxy
    }

    var met: Int { state.withLock { $0.met } }

    func set(_ trouble: Trouble) {
        let broken = state.withLock { state -> [any Channel] in
            state.trouble = trouble
            guard trouble == .cut || trouble == .reset else { return [] }
            state.met += state.open.count
            return Array(state.open.values)
        }
        for channel in broken { Self.end(channel, as: trouble) }
    }

    func close() async {
        let listening = state.withLock { $0.listening }
        listening?.cancel()
        await listening?.value
    }

    // MARK: - A connection

    private func serve(_ client: Connection) async {
        let trouble = state.withLock { state in
            if state.trouble == .cut || state.trouble == .reset { state.met += 1 }
            return state.trouble
        }
        if trouble == .cut || trouble == .reset {
            Self.end(client.channel, as: trouble)
            try? await client.executeThenClose { _, _ in }
            return
        }
        keep(client.channel)
        defer { forget(client.channel) }
        try? await client.executeThenClose { fromClient, toClient in
            try await untilHealed()
            let server = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: target) { Self.wrap($0) }
            keep(server.channel)
            defer { forget(server.channel) }
            try await server.executeThenClose { fromServer, toServer in
                await withTaskGroup { group in
                    group.addTask {
                        try? await self.pump(fromClient, to: toServer) { bytes in
                            guard self.eats(bytes) else { return true }
                            self.mute(client.channel)
                            try await toServer.write(bytes)
                            // The server gets the time to act on it.
                            try await Task.sleep(for: .milliseconds(200))
                            Self.end(client.channel, as: .reset)
                            throw CancellationError()
                        }
                    }
                    group.addTask {
                        try? await self.pump(fromServer, to: toClient) { _ in !self.isMute(client.channel) }
                    }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    /// - Parameter passes: whether the bytes go on.
    private func pump(
        _ source: NIOAsyncChannelInboundStream<ByteBuffer>, to sink: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        passes: @escaping @Sendable (ByteBuffer) async throws -> Bool
    ) async throws {
        // What arrives meanwhile is late by as much, and not by more.
        let (line, arrivals) = AsyncStream<(bytes: ByteBuffer, due: ContinuousClock.Instant)>.makeStream()
        try await withThrowingTaskGroup { group in
            group.addTask {
                defer { arrivals.finish() }
                for try await bytes in source { arrivals.yield((bytes, .now + self.delay())) }
            }
            group.addTask {
                for await (bytes, due) in line {
                    if due > .now { try await Task.sleep(until: due) }
                    try await self.untilHealed()
                    if try await passes(bytes) { try await sink.write(bytes) }
                }
                try await self.untilHealed()
            }
            try await group.waitForAll()
        }
    }

    private func delay() -> Duration {
        guard case .delay(let delay) = state.withLock({ $0.trouble }) else { return .zero }
        meet()
        return delay
    }

    private func eats(_ bytes: ByteBuffer) -> Bool {
        guard case .eatAnswers(let text) = state.withLock({ $0.trouble }),
            bytes.readableBytesView.firstRange(of: text.utf8) != nil
        else { return false }
        meet()
        return true
    }

    private func untilHealed() async throws {
        guard state.withLock({ $0.trouble == .blackHole }) else { return }
        meet()
        while state.withLock({ $0.trouble == .blackHole }) { try await Task.sleep(for: .milliseconds(10)) }
    }

    private func meet() { state.withLock { $0.met += 1 } }
    private func keep(_ channel: any Channel) { state.withLock { $0.open[ObjectIdentifier(channel)] = channel } }
    private func mute(_ channel: any Channel) { _ = state.withLock { $0.mute.insert(ObjectIdentifier(channel)) } }
    private func isMute(_ channel: any Channel) -> Bool {
        state.withLock { $0.mute.contains(ObjectIdentifier(channel)) }
    }
    private func forget(_ channel: any Channel) {
        state.withLock { state in
            state.open[ObjectIdentifier(channel)] = nil
            state.mute.remove(ObjectIdentifier(channel))
        }
    }

    private static func end(_ channel: any Channel, as trouble: Trouble) {
        if trouble == .reset, let socket = channel as? any SocketOptionProvider {
            _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        channel.close(promise: nil)
    }

    private static func wrap(_ channel: any Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
    }
}
