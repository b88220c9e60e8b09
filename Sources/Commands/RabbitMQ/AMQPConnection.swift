import CRabbitMQ
import Foundation
import Lanes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Owns one librabbitmq connection.
///
/// Calls that ask the broker something block until it answers, at most for the configured time; `publish` and the
/// settlements only write. `nextEvent` never blocks. Any thrown error other than one that `leavesConnectionOpen`
/// means that the connection is of no further use; close it.
///
/// - Safety: `@unchecked Sendable` because it changes hands once, from the thread that connects to the lane that uses
///   it, through the lane's mailbox (whose lock orders the two). Only one of them calls it at a time.
final class AMQPConnection: @unchecked Sendable {
    let endpoint: RabbitMQEndpoint
    private let raw: amqp_connection_state_t
    private var partial: [UInt16: PartialMessage] = [:]
    private var open = true

    /// Resolves, connects and logs in. Blocks for up to twice `connectTimeout`, and as long as the resolver does.
    init(
        to endpoint: RabbitMQEndpoint, name: String, configuration: RabbitMQConfiguration
    ) throws(RabbitMQError) {
        self.endpoint = endpoint
        guard let raw = amqp_new_connection() else {
            throw RabbitMQError(.unreachable, "no memory for a connection")
        }
        self.raw = raw
        let socket = try Self.socket(for: raw, endpoint.tls)
        var connectTimeout = timeval(configuration.connectTimeout)
        let status = amqp_socket_open_noblock(socket, endpoint.host, Int32(endpoint.port), &connectTimeout)
        guard status == AMQP_STATUS_OK.rawValue else {
            throw RabbitMQError(status: status, doing: "connect to \(endpoint)", connecting: true)
        }
        dropUnsentData(after: configuration.connectTimeout + configuration.heartbeat)
        amqp_set_handshake_timeout(raw, &connectTimeout)
        var callTimeout = timeval(configuration.callTimeout)
        amqp_set_rpc_timeout(raw, &callTimeout)
        let properties: [(String, AMQPValue)] = [
            ("connection_name", .text(name)),
            (
                "capabilities",
                .table([
                    ("connection.blocked", .flag(true)), ("consumer_cancel_notify", .flag(true)),
                    ("basic.nack", .flag(true)), ("publisher_confirms", .flag(true)),
                ])
            ),
        ]
        let reply = withAMQPTable(properties) { table in
            withUnsafePointer(to: table) {
                tidemark_amqp_login_plain(
                    raw, endpoint.virtualHost, 0, AMQP_DEFAULT_FRAME_SIZE,
                    Int32(configuration.heartbeat.components.seconds), $0, endpoint.user, endpoint.password)
            }
        }
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else {
            throw failure(reply, channel: 0, doing: "log in at \(endpoint)", connecting: true)
        }
    }

    deinit { amqp_destroy_connection(raw) }

    /// The socket belongs to the connection, whatever becomes of it.
    private static func socket(
        for raw: amqp_connection_state_t, _ tls: RabbitMQTLS?
    ) throws(RabbitMQError) -> OpaquePointer {
        let made = tls == nil ? amqp_tcp_socket_new(raw) : amqp_ssl_socket_new(raw)
        guard let socket = made else { throw RabbitMQError(.unreachable, "no memory for a socket") }
        guard let tls else { return socket }
        amqp_ssl_socket_set_verify_peer(socket, 1)
        amqp_ssl_socket_set_verify_hostname(socket, 1)
        guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == AMQP_STATUS_OK.rawValue,
            amqp_ssl_socket_set_cacert(socket, tls.authorities) == AMQP_STATUS_OK.rawValue
        else {
            throw RabbitMQError(.misconfigured, "the root certificates (cacertfile) can't be read: \(tls.authorities)")
        }
        if let own = tls.certificate,
            amqp_ssl_socket_set_key(socket, own.certificate, own.key) != AMQP_STATUS_OK.rawValue
        {
            throw RabbitMQError(
                .misconfigured, "certfile and keyfile are no certificate and its key: \(own.certificate), \(own.key)")
        }
        return socket
    }

    /// What to poll for input while `hasBufferedInput` is false.
    var descriptor: Int32 { amqp_get_sockfd(raw) }

    /// Whether `nextEvent` has something to return that the socket no longer shows.
    var hasBufferedInput: Bool { amqp_frames_enqueued(raw) != 0 || amqp_data_in_buffer(raw) != 0 }

    /// Says goodbye, waiting for at most a second. The socket itself closes with the last reference.
    func close() {
        guard open else { return }
        open = false
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        amqp_set_rpc_timeout(raw, &patience)
        _ = amqp_connection_close(raw, AMQP_REPLY_SUCCESS)
    }

    // MARK: - Channels

    func openChannel(_ channel: UInt16) throws(RabbitMQError) {
        amqp_channel_open(raw, channel)
        try check(channel, "open a channel")
    }

    func closeChannel(_ channel: UInt16) throws(RabbitMQError) {
        let reply = amqp_channel_close(raw, channel, AMQP_REPLY_SUCCESS)
        partial[channel] = nil
        guard reply.reply_type == AMQP_RESPONSE_NORMAL else {
            throw failure(reply, channel: channel, doing: "close a channel")
        }
    }

    func selectConfirms(_ channel: UInt16) throws(RabbitMQError) {
        amqp_confirm_select(raw, channel)
        try check(channel, "turn on publisher confirms")
    }

    // MARK: - Declarations

    /// A durable direct exchange.
    func declareExchange(_ name: String, on channel: UInt16) throws(RabbitMQError) {
        withAMQPBytes(name) { name in
            withAMQPBytes("direct") { _ = amqp_exchange_declare(raw, channel, name, $0, 0, 1, 0, 0, amqp_empty_table) }
        }
        try check(channel, "declare exchange \(name)")
    }

    /// Durable and shared, unless `exclusive`: then it lives and dies with this connection.
    func declareQueue(
        _ name: String, exclusive: Bool = false, arguments: [(String, AMQPValue)], on channel: UInt16
    ) throws(RabbitMQError) {
        let (shared, own): (amqp_boolean_t, amqp_boolean_t) = exclusive ? (0, 1) : (1, 0)
        withAMQPTable(arguments) { table in
            withAMQPBytes(name) { _ = amqp_queue_declare(raw, channel, $0, 0, shared, own, own, table) }
        }
        try check(channel, "declare queue \(name)")
    }

    func bind(queue: String, to exchange: String, routingKey: String, on channel: UInt16) throws(RabbitMQError) {
        withAMQPBytes(queue) { queue in
            withAMQPBytes(exchange) { exchange in
                withAMQPBytes(routingKey) {
                    _ = amqp_queue_bind(raw, channel, queue, exchange, $0, amqp_empty_table)
                }
            }
        }
        try check(channel, "bind queue \(queue)")
    }

    /// Messages in the queue that no consumer holds.
    func readyMessages(in queue: String, on channel: UInt16) throws(RabbitMQError) -> Int {
        let count = withAMQPBytes(queue) { name in
            amqp_queue_declare(raw, channel, name, 1, 1, 0, 0, amqp_empty_table).map { Int($0.pointee.message_count) }
        }
        try check(channel, "look at queue \(queue)")
        return count ?? 0
    }

    // MARK: - Publishing

    /// Writes the message; blocks while the socket's buffer is full.
    func publish(
        _ body: Data, exchange: String, routingKey: String, messageID: String = "", persistent: Bool, mandatory: Bool,
        on channel: UInt16
    ) throws(RabbitMQError) {
        var properties = amqp_basic_properties_t()
        properties._flags = amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG)
        properties.delivery_mode = persistent ? 2 : 1
        let status = withAMQPBytes("application/x-protobuf") { type in
            withAMQPBytes(messageID) { id in
                withAMQPBytes(exchange) { exchange in
                    withAMQPBytes(routingKey) { key in
                        body.withUnsafeBytes { bytes in
                            properties.content_type = type
                            properties.message_id = id
                            if id.len > 0 { properties._flags |= amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG) }
                            return amqp_basic_publish(
                                raw, channel, exchange, key, mandatory ? 1 : 0, 0, &properties,
                                amqp_bytes_t(
                                    len: bytes.count, bytes: UnsafeMutableRawPointer(mutating: bytes.baseAddress)))
                        }
                    }
                }
            }
        }
        try check(status, "publish")
    }

    // MARK: - Consuming

    func consume(
        queue: String, tag: String, prefetch: UInt16?, exclusive: Bool = false, on channel: UInt16
    ) throws(RabbitMQError) {
        if let prefetch {
            amqp_basic_qos(raw, channel, 0, prefetch, 0)
            try check(channel, "set the prefetch")
        }
        withAMQPBytes(queue) { queue in
            withAMQPBytes(tag) {
                _ = amqp_basic_consume(
                    raw, channel, queue, $0, 0, prefetch == nil ? 1 : 0, exclusive ? 1 : 0, amqp_empty_table)
            }
        }
        try check(channel, "consume from queue \(queue)")
    }

    func acknowledge(through tag: UInt64, on channel: UInt16) throws(RabbitMQError) {
        try check(amqp_basic_ack(raw, channel, tag, 1), "acknowledge")
    }

    func deadLetter(_ tag: UInt64, on channel: UInt16) throws(RabbitMQError) {
        try check(amqp_basic_reject(raw, channel, tag, 0), "reject")
    }

    // MARK: - Input

    /// What the broker said next; `nil` when there is no more to read now. Also sends heartbeats that are due, so it
    /// must be called every few seconds.
    func nextEvent() throws(RabbitMQError) -> AMQPEvent? {
        while true {
            var frame = amqp_frame_t()
            var atOnce = timeval()
            let status = amqp_simple_wait_frame_noblock(raw, &frame, &atOnce)
            if status == AMQP_STATUS_TIMEOUT.rawValue {
                amqp_maybe_release_buffers(raw)
                return nil
            }
            try check(status, "read")
            if let event = try event(frame) { return event }
        }
    }

    private func event(_ frame: amqp_frame_t) throws(RabbitMQError) -> AMQPEvent? {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD: return try event(frame.payload.method, channel: frame.channel)
        case AMQP_FRAME_HEADER:
            guard partial[frame.channel] != nil else { return nil }
            let header = frame.payload.properties
            let properties = header.decoded.load(as: amqp_basic_properties_t.self)
            if properties._flags & amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG) != 0 {
                partial[frame.channel]?.messageID = String(properties.message_id)
            }
            if properties._flags & amqp_flags_t(AMQP_BASIC_HEADERS_FLAG) != 0 {
                // RabbitMQ 4.3 counts in the first only what it takes for failures, and in the second what the first was.
                partial[frame.channel]?.deliveryCount = max(
                    properties.headers.integer("x-delivery-count") ?? 0,
                    properties.headers.integer("x-acquired-count") ?? 0)
            }
            partial[frame.channel]?.missing = Int(header.body_size)
            partial[frame.channel]?.body.reserveCapacity(Int(header.body_size))
            return finishedMessage(frame.channel)
        case AMQP_FRAME_BODY:
            let fragment = frame.payload.body_fragment
            partial[frame.channel]?.body.append(
                contentsOf: UnsafeRawBufferPointer(start: fragment.bytes, count: fragment.len))
            partial[frame.channel]?.missing -= fragment.len
            return finishedMessage(frame.channel)
        default: return nil
        }
    }

    private func event(_ method: amqp_method_t, channel: UInt16) throws(RabbitMQError) -> AMQPEvent? {
        func decoded<T>(_: T.Type) -> T { method.decoded.load(as: T.self) }
        switch method.id {
        case AMQP_BASIC_ACK_METHOD:
            let ack = decoded(amqp_basic_ack_t.self)
            return .acknowledged(tag: ack.delivery_tag, multiple: ack.multiple != 0)
        case AMQP_BASIC_NACK_METHOD:
            let nack = decoded(amqp_basic_nack_t.self)
            return .refused(tag: nack.delivery_tag, multiple: nack.multiple != 0)
        case AMQP_BASIC_DELIVER_METHOD:
            let deliver = decoded(amqp_basic_deliver_t.self)
            partial[channel] = PartialMessage(
                kind: .delivery(tag: deliver.delivery_tag, redelivered: deliver.redelivered != 0))
        case AMQP_BASIC_RETURN_METHOD:
            partial[channel] = PartialMessage(kind: .returned(String(decoded(amqp_basic_return_t.self).routing_key)))
        case AMQP_BASIC_CANCEL_METHOD: return .consumerCancelled(channel: channel)
        case AMQP_CONNECTION_BLOCKED_METHOD:
            return .blocked(reason: String(decoded(amqp_connection_blocked_t.self).reason))
        case AMQP_CONNECTION_UNBLOCKED_METHOD: return .unblocked
        case AMQP_CHANNEL_CLOSE_METHOD:
            partial[channel] = nil
            return .channelClosed(channel: channel, closed(method, channel: channel, doing: "use a channel"))
        case AMQP_CONNECTION_CLOSE_METHOD: throw closed(method, channel: 0, doing: "use the connection")
        default: break
        }
        return nil
    }

    private func finishedMessage(_ channel: UInt16) -> AMQPEvent? {
        guard let message = partial[channel], message.missing <= 0 else { return nil }
        partial[channel] = nil
        switch message.kind {
        case .returned(let key): return .returned(routingKey: key, messageID: message.messageID)
        case .delivery(let tag, let redelivered):
            return .delivered(
                AMQPDelivery(
                    channel: channel, tag: tag, redelivered: redelivered, previousDeliveries: message.deliveryCount,
                    messageID: message.messageID, body: message.body))
        }
    }

    // MARK: - Failures

    private func check(_ status: Int32, _ doing: @autoclosure () -> String) throws(RabbitMQError) {
        if status < 0 { throw RabbitMQError(status: status, doing: doing()) }
    }

    private func check(_ channel: UInt16, _ doing: @autoclosure () -> String) throws(RabbitMQError) {
        let reply = amqp_get_rpc_reply(raw)
        if reply.reply_type != AMQP_RESPONSE_NORMAL { throw failure(reply, channel: channel, doing: doing()) }
    }

    private func failure(
        _ reply: amqp_rpc_reply_t, channel: UInt16, doing: String, connecting: Bool = false
    ) -> RabbitMQError {
        switch reply.reply_type {
        case AMQP_RESPONSE_SERVER_EXCEPTION: closed(reply.reply, channel: channel, doing: doing)
        case AMQP_RESPONSE_LIBRARY_EXCEPTION:
            RabbitMQError(status: reply.library_error, doing: doing, connecting: connecting)
        default: RabbitMQError(status: AMQP_STATUS_CONNECTION_CLOSED.rawValue, doing: doing, connecting: connecting)
        }
    }

    /// Answers a close of the broker, as the protocol wants, and turns it into an error.
    private func closed(_ method: amqp_method_t, channel: UInt16, doing: String) -> RabbitMQError {
        switch method.id {
        case AMQP_CHANNEL_CLOSE_METHOD:
            let close = method.decoded.load(as: amqp_channel_close_t.self)
            let error = RabbitMQError(
                replyCode: close.reply_code, text: String(close.reply_text), doing: doing, closesChannelOnly: true)
            var reply = amqp_channel_close_ok_t()
            amqp_send_method(raw, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &reply)
            return error
        case AMQP_CONNECTION_CLOSE_METHOD:
            let close = method.decoded.load(as: amqp_connection_close_t.self)
            let error = RabbitMQError(
                replyCode: close.reply_code, text: String(close.reply_text), doing: doing, closesChannelOnly: false)
            var reply = amqp_connection_close_ok_t()
            amqp_send_method(raw, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &reply)
            open = false
            return error
        default:
            return RabbitMQError(status: AMQP_STATUS_WRONG_METHOD.rawValue, doing: doing)
        }
    }

    /// A broker that runs short of memory stops reading. The kernel then ends the connection after this time, so that
    /// a `publish` that blocks on a full socket comes back, as it does when the network is cut.
    private func dropUnsentData(after time: Duration) {
        #if canImport(Glibc)
            var milliseconds = UInt32(time.inMilliseconds)
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds,
                socklen_t(MemoryLayout<UInt32>.size))
        #endif
    }
}

/// A message of which not all frames have arrived. The frames of one channel's message follow each other.
private struct PartialMessage {
    enum Kind {
        case delivery(tag: UInt64, redelivered: Bool)
        case returned(String)
    }

    var kind: Kind
    var messageID = ""
    var deliveryCount = 0
    var missing = Int.max
    var body = Data()
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let milliseconds = duration.inMilliseconds
        self.init(tv_sec: Int(milliseconds / 1_000), tv_usec: .init(milliseconds % 1_000 * 1_000))
    }
}
