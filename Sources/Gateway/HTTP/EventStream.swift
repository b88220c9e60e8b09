import EventLog
import HTTPTypes
import Hummingbird
import Metrics
import NIOCore

/// Writes one client's feed as server-sent events. The socket sets the pace: nothing is read for a client that does not
/// take what was written, and one that takes nothing for long is cut off.
struct EventStream {
    private var feed: ChangeFeed
    private let positions: FeedPositionCodec
    private let channel: (any Channel)?

    init(_ feed: ChangeFeed, positions: FeedPositionCodec, channel: (any Channel)?) {
        self.feed = feed
        self.positions = positions
        self.channel = channel
    }

    /// - Throws: when the connection is lost or was cut off.
    consuming func write(to writer: inout any ResponseBodyWriter) async throws {
        var stream = self
        // A position before the first event: whoever begins now must be able to resume even if nothing happens.
        try await stream.send(stream.position(stream.feed.position, "the feed begins", retry: true), to: &writer)
        while true {
            let step = await stream.feed.next()
            switch step {
            case .events(let events, let from, _):
                try await stream.send(stream.text(of: events, after: from), to: &writer)
                stream.feed.metrics.events.increment(by: events.count)
            case .heartbeat(let position):
                try await stream.send(stream.position(position, "still here"), to: &writer)
            case .ended(let position):
                try await stream.send(stream.position(position, "this gateway ends; resume at another"), to: &writer)
                return try await writer.finish(nil)
            case .removed(let position):
                try await stream.send(stream.position(position, "retention has overtaken this feed"), to: &writer)
                return try await writer.finish(nil)
            }
        }
    }

    /// Small pieces: what waits for a slow client counts among the bytes that the gateway holds.
    private static let pieceBytes = 32 << 10

    private func send(_ buffer: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        var rest = buffer
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(Self.pieceBytes, rest.readableBytes)) {
            try await send(piece: piece, to: &writer)
        }
    }

    private func send(piece: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        let cutOff = channel.map { channel in
            channel.eventLoop.scheduleTask(in: TimeAmount(feed.limits.patience)) { [metrics = feed.metrics] in
                metrics.cutOff.increment()
                channel.close(promise: nil)
            }
        }
        defer { cutOff?.cancel() }
        try await writer.write(piece)
    }

    /// Without data it is no event: the client only remembers the id.
    private func position(_ position: FeedPosition, _ comment: String, retry: Bool = false) -> ByteBuffer {
        ByteBuffer(string: ": \(comment)\n\(retry ? "retry: 1000\n" : "")id: \(positions.encode(position))\n\n")
    }

    private func text(of events: [Event], after from: FeedPosition) -> ByteBuffer {
        var position = from
        var buffer = ByteBuffer()
        buffer.reserveCapacity(events.count * 512)
        for event in events {
            position.advance(to: event.sequence, in: event.partition)
            buffer.writeString("event: \(event.kind.rawValue)\nid: \(positions.encode(position))\ndata: ")
            var json = JSONWriter(capacity: 384)
            json.event(event, values: feed.showsValues, key: event.key)
            buffer.writeImmutableBuffer(json.buffer)
            buffer.writeStaticString("\n\n")
        }
        return buffer
    }
}
