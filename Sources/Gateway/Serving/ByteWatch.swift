import NIOCore

/// Tells the connection's guard that bytes came: a request that never gets a whole head shows nowhere else.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionGuard

    init(_ connection: ConnectionGuard) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesRead()
        context.fireChannelRead(data)
    }
}
