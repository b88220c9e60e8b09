import Foundation
import Synchronization

/// One OS thread that owns one C handle and serves one mailbox.
///
/// Blocking calls are fine here and nowhere else. Callers suspend on a continuation that the lane resumes: one hop
/// there and none back, where an actor on a custom executor would take three (`docs/decisions/0001-lanes.md`).
package final class Lane<Message: Sendable>: Sendable {
    package let mailbox: Mailbox<Message>
    private let ended = Mutex<Ended>(Ended())

    private struct Ended {
        var done = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// - Parameters:
    ///   - name: the thread's name, as `top -H` and debuggers show it (15 bytes on Linux).
    ///   - capacity: how many messages may wait.
    ///   - body: runs on the thread; returns once `mailbox.wait` has reported `closed` and the rest is answered.
    package init(name: String, capacity: Int, body: @escaping @Sendable (Mailbox<Message>) -> Void) {
        mailbox = Mailbox(capacity: capacity)
        let thread = Thread { [self] in
            // Foundation names only the thread that asks.
            Thread.current.name = name
            body(mailbox)
            let waiters = ended.withLock { ended in
                ended.done = true
                defer { ended.waiters = [] }
                return ended.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    @discardableResult
    package func post(_ message: Message) -> Mailbox<Message>.Admission { mailbox.post(message) }

    /// Closes the mailbox and waits until the thread has answered what was in it and ended.
    package func close() async {
        mailbox.close()
        await withCheckedContinuation { continuation in
            let done = ended.withLock { ended in
                if !ended.done { ended.waiters.append(continuation) }
                return ended.done
            }
            if done { continuation.resume() }
        }
    }
}
