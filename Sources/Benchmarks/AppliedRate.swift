import Foundation

/// Watches the partitions' sequences in the database.
enum AppliedRate {
    struct Stuck: Error, CustomStringConvertible {
        var description: String
    }

    /// Events a second, from the first look that finds some until all `events` are there. Connecting and taking the
    /// partitions over is not in it. Looks every 20 ms, on a thread of its own.
    static func measure(_ databaseURL: String, until events: Int) async throws -> Double {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try watch(databaseURL, until: events) }) }.start()
        }
    }

    private static func watch(_ databaseURL: String, until events: Int) throws -> Double {
        let session = try PostgresSession(databaseURL)
        // The server's default is SERIALIZABLE: such a look would be cancelled, or cancel the projector's transactions.
        try session.run("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED")
        var first: (count: Int, at: ContinuousClock.Instant)?
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            let count = Int(try session.run("SELECT sum(seq) FROM partitions") ?? "") ?? 0
            let now = ContinuousClock.now
            if let first, count >= events { return Double(count - first.count) / ((now - first.at) / .seconds(1)) }
            if first == nil && count > 0 { first = (count, now) }
            guard now < deadline else { throw Stuck(description: "only \(count) of \(events) events applied in 300 s") }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }
}
