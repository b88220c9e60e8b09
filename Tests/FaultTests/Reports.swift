import Synchronization

/// What the stack says of its processes, shown at once.
final class Reports: Sendable {
    private let standbyInSync = Mutex(false)

    /// Of the database.
    var isStandbyInSync: Bool { standbyInSync.withLock { $0 } }

    func add(_ report: String) {
        // What the ends of logs say of a fault while it lasts is no news.
        let line = report.prefix { $0 != "\n" }
        say("    \(line)")
        if line.contains("has everything") { standbyInSync.withLock { $0 = true } }
        if line.contains("postgres"),
            ["ended", "is gone", "goes on alone", "does not follow"].contains(where: line.contains)
        {
            standbyInSync.withLock { $0 = false }
        }
    }
}
