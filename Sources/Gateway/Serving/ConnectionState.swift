import NIOCore

/// What happens on one connection, and until when it may: a value that reads no clock.
///
/// Each thing that a client can draw out has its time: the head of a request, its body (as long as it keeps a minimum
/// rate, as Apache's mod_reqtimeout does), the pause between requests, taking the answer, and the close.
struct ConnectionState: Sendable {
    struct Limits: Sendable {
        /// From the first byte of a request to the end of its head.
        var head = TimeAmount.seconds(10)
        /// Between requests.
        var idle = TimeAmount.seconds(75)
        /// For a body, and more by the rate at which it comes.
        var body = TimeAmount.seconds(10)
        var bodyBytesPerSecond: Int64 = 1_024
        /// For the client to take `stalledBytes` of an answer that waits for it, again and again.
        var stalled = TimeAmount.seconds(20)
        var stalledBytes = 16 << 10
        /// For the client to close what we have closed.
        var lingering = TimeAmount.seconds(2)
        /// When the gateway leaves: how long a connection without a request stays, so that one under way to it is answered.
        /// Longer than a balancer keeps its idle connections.
        var drainIdle = TimeAmount.seconds(5)
        /// When the gateway leaves: in all.
        var drain = TimeAmount.seconds(20)
    }

    /// Why a connection was ended that the client had not closed.
    enum Ending: String, CaseIterable, Sendable {
        case idle
        case slowHead = "slow-head"
        case slowBody = "slow-body"
        case stalled
        case lingering
        case draining
        case malformed
        case tooMany = "too-many"
    }

    private let limits: Limits
    /// Requests whose head was read and whose answer is not complete.
    private(set) var requests = 0
    /// Nothing that arrives counts any more; the last answer is written.
    private(set) var isClosing = false
    /// The answer being written, or the next one, is the last.
    private var closesAfterAnswer = false
    private var isAnswering = false
    private var since: NIODeadline
    private var hasBegunHead = false
    private var body: (since: NIODeadline, bytes: Int64)?
    private var stalledSince: (time: NIODeadline, bytes: Int)?
    private var drainedAt: NIODeadline?

    init(_ limits: Limits, at now: NIODeadline) {
        self.limits = limits
        since = now
    }

    // MARK: - What the client sends

    mutating func bytesRead(at now: NIODeadline) {
        guard requests == 0, !hasBegunHead, !isClosing else { return }
        hasBegunHead = true
        since = now
    }

    mutating func headRead(at now: NIODeadline) {
        hasBegunHead = false
        requests += 1
        body = (now, 0)
    }

    mutating func bodyRead(_ bytes: Int) { body?.bytes += Int64(bytes) }

    mutating func endRead() { body = nil }

    /// Whether a refusal can be written now: no answer has begun, and none is owed for an earlier request.
    var canRefuse: Bool { !isClosing && !isAnswering && (requests == 0 || (requests == 1 && body != nil)) }

    // MARK: - What is answered

    /// - Parameter isLast: the answer itself says that the connection closes after it.
    /// - Returns: whether it must say so.
    mutating func answerBegins(isLast: Bool) -> Bool {
        isAnswering = true
        closesAfterAnswer = closesAfterAnswer || isLast || (drainedAt != nil && requests == 1)
        return closesAfterAnswer
    }

    /// - Returns: whether the connection closes now.
    mutating func answerEnds(at now: NIODeadline) -> Bool {
        isAnswering = false
        requests -= 1
        since = now
        // Until now it may have been us who did not read on.
        body?.since = now
        if closesAfterAnswer { close(at: now) }
        return isClosing
    }

    mutating func close(at now: NIODeadline) {
        isClosing = true
        since = now
    }

    /// - Parameter bytes: written and not taken yet.
    mutating func stalls(at now: NIODeadline, bytes: Int) { stalledSince = (now, bytes) }

    mutating func flows() { stalledSince = nil }

    /// The time to take something is over.
    ///
    /// - Returns: whether enough was taken; then there is as much time again.
    mutating func stillStalls(at now: NIODeadline, bytes: Int) -> Bool {
        guard let stalledSince, stalledSince.bytes - bytes >= limits.stalledBytes else { return true }
        self.stalledSince = (now, bytes)
        return false
    }

    // MARK: - Time

    mutating func drain(at now: NIODeadline) { drainedAt = drainedAt ?? now }

    /// When the connection is ended unless something happens, and why.
    var deadline: (time: NIODeadline, ending: Ending)? {
        var first: (time: NIODeadline, ending: Ending)?
        func consider(_ time: NIODeadline, _ ending: Ending) {
            if first.map({ time < $0.time }) ?? true { first = (time, ending) }
        }
        if isClosing {
            consider(since + limits.lingering, .lingering)
        } else if requests == 0 {
            if hasBegunHead {
                consider(since + limits.head, .slowHead)
            } else {
                consider(since + limits.idle, .idle)
                if let drainedAt { consider(max(since, drainedAt) + limits.drainIdle, .draining) }
            }
        } else if requests == 1, let body, !isAnswering {
            consider(
                body.since + limits.body
                    + .nanoseconds(body.bytes * (1_000_000_000 / max(1, limits.bodyBytesPerSecond))), .slowBody)
        }
        if let stalledSince { consider(stalledSince.time + limits.stalled, .stalled) }
        if let drainedAt { consider(drainedAt + limits.drain, .draining) }
        return first
    }
}
