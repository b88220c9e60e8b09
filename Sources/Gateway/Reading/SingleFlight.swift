import Synchronization

/// Readers that miss the same thing at the same time share one fetch.
final class SingleFlight<Name: Hashable & Sendable, Value: Sendable>: Sendable {
    private let flights = Mutex<[Name: [CheckedContinuation<Value?, Never>]]>([:])

    /// The first caller fetches; those that come before it is done get its result.
    func fetch(_ name: Name, _ body: () async -> Value) async -> Value {
        let joined: Value? = await withCheckedContinuation { continuation in
            let leads = flights.withLock { flights in
                guard flights[name] == nil else {
                    flights[name]!.append(continuation)
                    return false
                }
                flights[name] = []
                return true
            }
            if leads { continuation.resume(returning: nil) }
        }
        if let joined { return joined }
        let value = await body()
        let waiting = flights.withLock { $0.removeValue(forKey: name) ?? [] }
        for continuation in waiting { continuation.resume(returning: value) }
        return value
    }
}
