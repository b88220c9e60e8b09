import Synchronization

/// A queue from a lane to one task, which takes all that waits, up to a weight, at once.
///
/// `AsyncStream` hands out elements one at a time; a consumer that forms batches needs to see what is there.
package final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var finished = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Any thread. Elements that arrive after `finish` are dropped.
    package func append(contentsOf elements: some Sequence<Element>) {
        resumeWaiter { state in if !state.finished { state.elements.append(contentsOf: elements) } }
    }

    /// Any thread. `next` returns what is left and then `nil`.
    package func finish() {
        resumeWaiter { $0.finished = true }
    }

    /// Any thread. Drops what is queued and ends.
    package func discard() {
        resumeWaiter { state in
            state.finished = true
            state.elements = []
        }
    }

    /// Any thread. How many elements wait, and what they weigh together.
    package func waiting(weight: (Element) -> Int) -> (count: Int, weight: Int) {
        state.withLock { state in
            (state.elements.count, state.elements.reduce(0) { $0 + weight($1) })
        }
    }

    /// One task at a time. Waits for at least one element, then takes elements while their weights sum to no more
    /// than `limit` (always at least one); `nil` at the end or when the task is cancelled.
    package func next(limit: Int, weight: (Element) -> Int) async -> [Element]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if state.elements.isEmpty && !state.finished && !Task.isCancelled {
                        precondition(state.waiter == nil, "an inbox has one consumer")
                        state.waiter = continuation
                        return false
                    }
                    return true
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            resumeWaiter { _ in }
        }
        return state.withLock { state in
            if state.elements.isEmpty || Task.isCancelled { return nil }
            var count = 0
            var total = 0
            while count < state.elements.count {
                total += weight(state.elements[count])
                if count > 0 && total > limit { break }
                count += 1
            }
            defer { state.elements.removeFirst(count) }
            return Array(state.elements[..<count])
        }
    }

    private func resumeWaiter(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
