import Synchronization

/// Waits for `operation`, but no longer than `limit`. The operation is not cancelled: it goes on, and its result is dropped.
///
/// - Returns: `nil` when it took too long.
func bounded<Value: Sendable>(
    by limit: Duration, _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
    await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
        let waiting = Waiting(continuation)
        let timer = Task {
            try? await Task.sleep(for: limit)
            waiting.end(with: nil)
        }
        Task {
            let value = await operation()
            waiting.end(with: value)
            timer.cancel()
        }
    }
}

/// A continuation that the first of two takes.
private final class Waiting<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value?, Never>?>

    init(_ continuation: CheckedContinuation<Value?, Never>) { self.continuation = Mutex(continuation) }

    func end(with value: Value?) {
        let first = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        first?.resume(returning: value)
    }
}
