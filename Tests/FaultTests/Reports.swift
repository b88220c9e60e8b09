import Synchronization

/// What the stack says of its processes, shown at once.
final class Reports: Sendable {
    private let standbyInSync = Mutex(false)

    /// Whether the database's standby may take over.
    var isStandbyInSync: Bool { standbyInSync.withLock { $0 } }

    func add(_ report: String) {
        // What the ends of logs say of a fault while it lasts is no news.
        let line = report.prefix { $0 != "\n" }
        say("    \(line)")
        if line.contains("has everything") { standbyInSync.withLock { $0 = true } }
        if ["is gone", "goes on alone"].contains(where: line.contains) { standbyInSync.withLock { $0 = false } }
    }
}
