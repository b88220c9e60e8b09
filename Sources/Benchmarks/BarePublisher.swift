import CRabbitMQ
import Commands

/// One librabbitmq connection that publishes a message and waits for its confirm, and nothing else.
final class BarePublisher {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let connection: amqp_connection_state_t
    private let queue: String

    init(_ url: String, queue: String) throws {
        let endpoint = try RabbitMQEndpoint(url: url)
        guard let connection = amqp_new_connection(), let socket = amqp_tcp_socket_new(connection) else {
            throw Failure(description: "no memory for a connection")
        }
        self.connection = connection
        self.queue = queue
        guard amqp_socket_open(socket, endpoint.host, Int32(endpoint.port)) == AMQP_STATUS_OK.rawValue else {
            throw Failure(description: "cannot connect to \(endpoint)")
        }
        var none = amqp_table_t()
        let login = tidemark_amqp_login_plain(
            connection, endpoint.virtualHost, 0, AMQP_DEFAULT_FRAME_SIZE, 0, &none, endpoint.user, endpoint.password)
        guard login.reply_type == AMQP_RESPONSE_NORMAL else {
            throw Failure(description: "cannot log in at \(endpoint)")
        }
        amqp_channel_open(connection, 1)
        try check("open a channel")
        amqp_confirm_select(connection, 1)
        try check("turn on confirms")
        try declareQueue()
    }

    deinit {
        amqp_connection_close(connection, AMQP_REPLY_SUCCESS)
        amqp_destroy_connection(connection)
    }

    func publish(_ body: [UInt8]) throws {
        var properties = amqp_basic_properties_t()
        properties._flags = amqp_flags_t(AMQP_BASIC_DELIVERY_MODE_FLAG)
        properties.delivery_mode = 2
        let status = queue.withCString { name in
            body.withUnsafeBytes {
                amqp_basic_publish(
                    connection, 1, amqp_empty_bytes, amqp_cstring_bytes(name), 1, 0, &properties,
                    amqp_bytes_t(len: $0.count, bytes: UnsafeMutableRawPointer(mutating: $0.baseAddress)))
            }
        }
        guard status == AMQP_STATUS_OK.rawValue else { throw Failure(description: "cannot publish") }
        var frame = amqp_frame_t()
        repeat {
            guard amqp_simple_wait_frame(connection, &frame) == AMQP_STATUS_OK.rawValue else {
                throw Failure(description: "the connection was lost")
            }
        } while frame.frame_type != AMQP_FRAME_METHOD
        guard frame.payload.method.id == AMQP_BASIC_ACK_METHOD else { throw Failure(description: "not confirmed") }
        amqp_maybe_release_buffers(connection)
    }

    private func declareQueue() throws {
        try "x-queue-type".withCString { key in
            try "quorum".withCString { value in
                try queue.withCString { name in
                    var entry = amqp_table_entry_t()
                    entry.key = amqp_cstring_bytes(key)
                    entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                    entry.value.value.bytes = amqp_cstring_bytes(value)
                    try withUnsafeMutablePointer(to: &entry) { entries in
                        let table = amqp_table_t(num_entries: 1, entries: entries)
                        _ = amqp_queue_declare(connection, 1, amqp_cstring_bytes(name), 0, 1, 0, 0, table)
                        try check("declare the queue")
                    }
                }
            }
        }
    }

    private func check(_ action: String) throws {
        guard amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL else {
            throw Failure(description: "cannot \(action)")
        }
    }
}
