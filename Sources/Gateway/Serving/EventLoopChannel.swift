import HummingbirdCore
import Logging
import NIOCore

/// Hummingbird's HTTP/1.1 channel, handled on its event loop.
struct EventLoopChannel: ServerChildChannel {
    let base: HTTP1Channel
    let executors: [ObjectIdentifier: EventLoopTaskExecutor]

    init(_ base: HTTP1Channel, on group: any EventLoopGroup) {
        self.base = base
        executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), EventLoopTaskExecutor($0)) })
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        let executor = executors[ObjectIdentifier(value.channel.eventLoop)]
        await withTaskExecutorPreference(executor) { await base.handle(value: value, logger: logger) }
    }
}
