/// Lets one task at a time through, in the order they came: what an actor does not promise across an `await`.
actor AsyncGate {
    private var busy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func withGate<Result: Sendable>(_ body: @Sendable () async throws -> Result) async rethrows -> Result {
        if busy { await withCheckedContinuation { waiting.append($0) } }
        busy = true
        defer {
            if waiting.isEmpty { busy = false } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }
}
