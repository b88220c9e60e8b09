import HummingbirdCore
import Logging
import NIOCore

/// Hummingbird's HTTP/1.1 channel, guarded, and handled on its event loop.
struct EventLoopChannel: ServerChildChannel {
    private let base: HTTP1Channel
    private let executors: [ObjectIdentifier: EventLoopTaskExecutor]
    private let door: FrontDoor
    private let limits: ConnectionState.Limits
    private let date: DateHeader

    init(
        _ base: HTTP1Channel, on group: any EventLoopGroup, door: FrontDoor, limits: ConnectionState.Limits,
        date: DateHeader
    ) {
        self.base = base
        self.door = door
        self.limits = limits
        self.date = date
        executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), EventLoopTaskExecutor($0)) })
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        let entrance = door.connect()
        channel.closeFuture.whenComplete { [door] _ in door.disconnect() }
        let connection = ConnectionGuard(door, entrance, limits: limits, date: date)
        let pipeline = channel.pipeline.syncOperations
        do {
            // Before the decoder, which shows nothing of half a head. Behind TLS, if `channel` has it.
            try pipeline.addHandler(ByteWatch(connection))
            let ready = base.setup(channel: channel, logger: logger)
            try pipeline.addHandler(
                connection, position: .before(pipeline.handler(type: HTTPConnectionStateHandler.self)))
            if entrance == .closed {
                door.ended(.tooMany)
                // Not before it is somebody's: NIO ends the process when such a channel is dropped.
                channel.eventLoop.execute { channel.close(promise: nil) }
            }
            return ready
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        let executor = executors[ObjectIdentifier(value.channel.eventLoop)]
        await withTaskExecutorPreference(executor) { await base.handle(value: value, logger: logger) }
    }
}
