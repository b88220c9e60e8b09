import Synchronization

/// A causal line of calls: each sees at least what those before it saw and wrote, through any gateway.
///
/// The token is opaque, and only the server can merge two of them. So calls in one session go one after the other, in the
/// order in which they were made; calls that need no order among them belong in sessions of their own, or in none.
///
/// May be used from any task or thread.
public final class Session: Sendable {
    private struct State {
        var token: String?
        var isBusy = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// - Parameter token: continues the session that this token came from.
    public init(token: String? = nil) {
        state = Mutex(State(token: token))
    }

    /// The last token that the server gave; send it on to whoever continues this session.
    public var token: String? { state.withLock { $0.token } }

    func advance(to token: String) { state.withLock { $0.token = token } }

    /// Waits for the calls before this one. Not cut short by cancellation: they end in bounded time.
    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isBusy {
                    state.waiting.append(continuation)
                    return false
                }
                state.isBusy = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.isBusy = false
            return nil
        }
        next?.resume()
    }
}
