import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Keeps one connection within its times, answers what is no HTTP, and lets the connection end without losing a request.
///
/// Stands between the HTTP codec and the server. All of it runs on the connection's event loop.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Smaller answers are not counted: they are copied to the socket, or wait with few others.
    private static let countedBytes = 64 << 10

    private let door: FrontDoor
    private let entrance: Admission.Entrance
    private let date: DateHeader
    private var state: ConnectionState
    private var timer: (time: NIODeadline, task: Scheduled<Void>)?
    /// What is wrong with what came after requests that are still to be answered.
    private var problemBehind: Problem?

    init(_ door: FrontDoor, _ entrance: Admission.Entrance, limits: ConnectionState.Limits, date: DateHeader) {
        self.door = door
        self.entrance = entrance
        self.date = date
        state = ConnectionState(limits, at: .now())
    }

    func channelActive(context: ChannelHandlerContext) {
        watch(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.task.cancel() }

    // MARK: - In

    /// Raw bytes, before they are decoded.
    func bytesRead() { state.bytesRead(at: .now()) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A client that sends on after the last answer is not served: it could not be told.
        guard !state.isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head:
            state.headRead(at: .now())
            if entrance != .open {
                return refuse(
                    context, Problem(.overloaded, "The gateway has as many connections as it takes. Try again."),
                    .tooMany)
            }
        case .body(let bytes): state.bodyRead(bytes.readableBytes)
        case .end: state.endRead()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        watch(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let problem = Problem(decoding: error) else { return context.fireErrorCaught(error) }
        if state.canRefuse {
            refuse(context, problem, .malformed)
        } else if !state.isClosing {
            problemBehind = problemBehind ?? problem
        }
        interruptBody(context, error)
    }

    /// To the server, a body that stops when the connection ends looks like one that is whole.
    private func interruptBody(_ context: ChannelHandlerContext, _ error: any Error) {
        if state.requests > 0 { context.fireErrorCaught(error) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The server's own handler would close at once, and a request under way to us would be lost.
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        state.drain(at: .now())
        watch(context)
    }

    // MARK: - Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !state.isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            let isLast = head.headerFields[.connection] == "close"
            if state.answerBegins(isLast: isLast), !isLast { head.headerFields[.connection] = "close" }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body(let bytes) where bytes.readableBytes >= Self.countedBytes:
            let count = bytes.readableBytes
            let written = promise ?? context.eventLoop.makePromise()
            door.hold(count)
            written.futureResult.whenComplete { [door] _ in door.release(count) }
            context.write(data, promise: written)
        case .end:
            context.write(data, promise: promise)
            if state.answerEnds(at: .now()) {
                close(context)
            } else if state.requests == 0, let problemBehind {
                refuse(context, problemBehind, .malformed)
            }
        default: context.write(data, promise: promise)
        }
    }

    func flush(context: ChannelHandlerContext) {
        context.flush()
        watch(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { state.flows() } else { state.stalls(at: .now(), bytes: bufferedBytes(context)) }
        watch(context)
        context.fireChannelWritabilityChanged()
    }

    // MARK: - The end

    /// Answers in the server's place and closes.
    private func refuse(_ context: ChannelHandlerContext, _ problem: Problem, _ ending: ConnectionState.Ending) {
        door.ended(ending)
        problemBehind = nil
        let (head, body) = problem.answer
        var last = head
        last.headerFields[.connection] = "close"
        last.headerFields[.date] = date.value
        context.write(wrapOutboundOut(.head(last)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        state.close(at: .now())
        close(context)
    }

    /// Only our half: closing both would reset what the client has sent meanwhile, and it might never see the answer.
    private func close(_ context: ChannelHandlerContext) {
        context.flush()
        context.close(mode: .output, promise: nil)
        watch(context)
    }

    private func overdue(_ context: ChannelHandlerContext, _ ending: ConnectionState.Ending) {
        switch ending {
        case .slowHead where state.canRefuse, .slowBody where state.canRefuse:
            refuse(context, Problem(.requestTimeout, "The rest of the request did not come in time."), ending)
            return interruptBody(context, ChannelError.inputClosed)
        case .stalled:
            guard state.stillStalls(at: .now(), bytes: bufferedBytes(context)) else { return watch(context) }
        default: break
        }
        door.ended(ending)
        context.close(promise: nil)
    }

    private func bufferedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// One timer a connection, made anew only when the time comes nearer: most of the time it only moves away.
    private func watch(_ context: ChannelHandlerContext) {
        guard context.channel.isActive, let deadline = state.deadline else { return }
        if let timer {
            if timer.time <= deadline.time { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline.time) {
            self.timer = nil
            guard let deadline = self.state.deadline else { return }
            if deadline.time <= .now() { self.overdue(context, deadline.ending) } else { self.watch(context) }
        }
        timer = (deadline.time, task)
    }
}

extension Problem {
    /// What the HTTP decoder refused; `nil` for other errors.
    fileprivate init?(decoding error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow:
            self.init(.headersTooLarge, "The request's head is larger than the gateway takes, or has too many headers.")
        case let error as HTTPParserError:
            self.init(.malformedRequest, "This is not HTTP/1.1: \(error.debugDescription).")
        case is HTTP1TypeConversionError:
            self.init(.malformedRequest, "The request's method or target is not one of HTTP/1.1.")
        default: return nil
        }
    }
}
