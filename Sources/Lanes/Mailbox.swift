import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A bounded queue from any thread to the one thread that owns a C handle.
///
/// What gathers while the owner is busy is taken as one batch, so the busier the owner gets, the better it
/// pipelines. `post` never blocks: when the mailbox is full the caller is told, and answers for it.
package final class Mailbox<Message: Sendable>: Sendable {
    package enum Admission: Sendable { case accepted, full, closed }

    /// Why `wait` returned.
    package struct Wakeup: Sendable {
        package var descriptorReady = false
        /// The second one, where there are two.
        package var otherReady = false
        package var closed = false
    }

    private struct State {
        var messages: [Message] = []
        var sleeping = false
        var closed = false
    }

    private let state = Mutex(State())
    private let signal = WakeSignal()
    package let capacity: Int

    package init(capacity: Int) { self.capacity = capacity }

    /// Any thread. A full or closed mailbox keeps nothing of `message`.
    @discardableResult
    package func post(_ message: Message) -> Admission {
        let (admission, wake) = state.withLock { state -> (Admission, Bool) in
            if state.closed { return (.closed, false) }
            if state.messages.count >= capacity { return (.full, false) }
            state.messages.append(message)
            defer { state.sleeping = false }
            return (.accepted, state.sleeping)
        }
        if wake { signal.raise() }
        return admission
    }

    /// Any thread. What is queued is still handed out; `wait` then reports `closed`.
    package func close() {
        state.withLock { $0.closed = true }
        signal.raise()
    }

    /// Any thread. For owners that are busy with something long; `wait` reports it too.
    package var isClosed: Bool { state.withLock { $0.closed } }

    /// The owner's thread only. Moves everything queued into `batch` (which must be empty), waiting until there is
    /// something, until `descriptor` or `other` (if not negative) is readable, until `close`, or for `timeout`.
    ///
    /// - Parameter heedingPosts: whether a post ends the wait. An owner that expects its descriptor to be readable soon, and
    ///   would rather find many messages then than be woken for each, says no.
    package func wait(
        into batch: inout [Message], descriptor: Int32 = -1, other: Int32 = -1, timeout: Duration,
        heedingPosts: Bool = true
    ) -> Wakeup {
        var wakeup = Wakeup()
        let idle = state.withLock { state -> Bool in
            swap(&state.messages, &batch)
            wakeup.closed = state.closed
            let idle = batch.isEmpty && !state.closed
            state.sleeping = idle && heedingPosts
            return idle
        }
        guard idle else { return wakeup }
        (wakeup.descriptorReady, wakeup.otherReady) = signal.wait(orReadable: descriptor, other, timeout: timeout)
        state.withLock { state in
            swap(&state.messages, &batch)
            wakeup.closed = state.closed
            state.sleeping = false
        }
        return wakeup
    }
}

/// A pipe that one thread polls and others write a byte to.
private struct WakeSignal: ~Copyable, Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "pipe: errno \(errno); raise the limit on open files")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        _ = close(readEnd)
        _ = close(writeEnd)
    }

    /// A full pipe means a wake-up is pending already, so a failed write loses nothing.
    borrowing func raise() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Negative descriptors are passed over.
    borrowing func wait(orReadable first: Int32, _ second: Int32, timeout: Duration) -> (Bool, Bool) {
        var polled = [readEnd, first, second].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let milliseconds = max(0, min(Int64(Int32.max), timeout.inMilliseconds))
        _ = poll(&polled, nfds_t(polled.count), Int32(milliseconds))
        if polled[0].revents != 0 {
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { scratch in
                while read(readEnd, scratch.baseAddress, 64) == 64 {}
            }
        }
        return (polled[1].revents != 0, polled[2].revents != 0)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up so that a wait never spins on a fraction of one.
    package var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// Seconds as a floating-point number, for metrics.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
