package import NIOCore

/// What Redis answered, in Swift values. The strings of one reply are slices of one buffer.
package enum RedisReply: Sendable, Equatable {
    case null
    case integer(Int64)
    /// A status (`OK`) or a bulk string.
    case string(ByteBuffer)
    case array([RedisReply])
    case error(String)

    var bytes: ByteBuffer? {
        if case .string(let bytes) = self { return bytes }
        return nil
    }

    var text: String? { bytes.map { String(buffer: $0) } }

    var elements: [RedisReply]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    /// The first word of an error, such as `NOSCRIPT`.
    var errorCode: Substring? {
        if case .error(let message) = self { return message.prefix { $0 != " " } }
        return nil
    }
}
