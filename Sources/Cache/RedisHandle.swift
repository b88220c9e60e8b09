import CHiredis
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Owns one connected `redisContext`. Only the thread that opened it calls through it; every call may block for as long as
/// the timeout.
struct RedisHandle: ~Copyable {
    private let context: UnsafeMutablePointer<redisContext>

    /// Why a connection can't be used any more, in hiredis' words; for the log.
    struct Broken: Error { var reason: String }

    /// Connects, by TCP.
    ///
    /// - Parameters:
    ///   - connectTimeout: for the connection itself; name resolution comes on top.
    ///   - timeout: for each wait on the socket afterwards.
    init(host: String, port: Int, connectTimeout: Duration, timeout: Duration) throws(Broken) {
        guard let context = redisConnectWithTimeout(host, Int32(port), timeval(connectTimeout)) else {
            throw Broken(reason: "out of memory")
        }
        guard context.pointee.err == 0, redisSetTimeout(context, timeval(timeout)) == REDIS_OK else {
            defer { redisFree(context) }
            throw Broken(context)
        }
        _ = redisEnableKeepAlive(context)
        self.context = context
    }

    /// Begins to connect, and never waits; name resolution does. Use it with `exchange` only.
    init(connectingTo host: RedisURL.Host) throws(Broken) {
        guard let context = redisConnectNonBlock(host.name, Int32(host.port)) else {
            throw Broken(reason: "out of memory")
        }
        guard context.pointee.err == 0 else {
            defer { redisFree(context) }
            throw Broken(context)
        }
        self.context = context
    }

    deinit { redisFree(context) }

    /// Of a connection that waits for replies: readable while none is awaited when the server has closed it.
    var descriptor: Int32 { context.pointee.fd }

    /// Copies whole commands into the output buffer.
    borrowing func append(_ command: [UInt8]) throws(Broken) {
        let status = command.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        if status != REDIS_OK { throw Broken(context) }
    }

    /// Sends what was appended, if anything, and waits for the next reply.
    borrowing func nextReply() throws(Broken) -> RedisReply {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReply(context, &raw) == REDIS_OK, let raw else { throw Broken(context) }
        defer { freeReplyObject(raw) }
        return RedisReply(copying: raw.assumingMemoryBound(to: redisReply.self))
    }
}

extension RedisHandle {
    /// Of a connection that never waits: sends what it takes now of what was appended, and receives what is there now.
    ///
    /// - Returns: whether everything was sent, and the replies that are complete.
    borrowing func exchange() throws(Broken) -> (sent: Bool, replies: [RedisReply]) {
        var done: Int32 = 0
        guard redisBufferWrite(context, &done) == REDIS_OK, redisBufferRead(context) == REDIS_OK else {
            throw Broken(context)
        }
        var replies: [RedisReply] = []
        while true {
            var raw: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(context, &raw) == REDIS_OK else { throw Broken(context) }
            guard let raw else { return (done == 1, replies) }
            defer { freeReplyObject(raw) }
            replies.append(RedisReply(copying: raw.assumingMemoryBound(to: redisReply.self)))
        }
    }
}

extension RedisHandle.Broken {
    fileprivate init(_ context: UnsafeMutablePointer<redisContext>) {
        reason = withUnsafeBytes(of: &context.pointee.errstr) { text in
            String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension RedisReply {
    fileprivate init(copying reply: UnsafePointer<redisReply>) {
        let size = Self.stringBytes(in: reply)
        var buffer = size == 0 ? ByteBuffer() : ByteBufferAllocator().buffer(capacity: size)
        Self.copyStrings(of: reply, into: &buffer)
        self.init(reply, slicing: &buffer)
    }

    private static func stringBytes(in reply: UnsafePointer<redisReply>) -> Int {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: reply.pointee.len
        case REDIS_REPLY_ARRAY: children(of: reply).reduce(0) { $0 + stringBytes(in: $1!) }
        default: 0
        }
    }

    private static func copyStrings(of reply: UnsafePointer<redisReply>, into buffer: inout ByteBuffer) {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS:
            buffer.writeBytes(UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len))
        case REDIS_REPLY_ARRAY:
            for child in children(of: reply) { copyStrings(of: child!, into: &buffer) }
        default: break
        }
    }

    private static func children(
        of reply: UnsafePointer<redisReply>
    ) -> UnsafeBufferPointer<UnsafeMutablePointer<redisReply>?> {
        UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements)
    }

    /// - Parameter buffer: the strings in order, from the reader index on.
    private init(_ reply: UnsafePointer<redisReply>, slicing buffer: inout ByteBuffer) {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .string(buffer.readSlice(length: reply.pointee.len)!)
        case REDIS_REPLY_INTEGER: self = .integer(reply.pointee.integer)
        case REDIS_REPLY_ARRAY: self = .array(Self.children(of: reply).map { RedisReply($0!, slicing: &buffer) })
        case REDIS_REPLY_ERROR:
            let text = UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len)
            self = .error(String(decoding: text, as: UTF8.self))
        default: self = .null
        }
    }
}

extension timeval {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: numericCast(attoseconds / 1_000_000_000_000))
    }
}
