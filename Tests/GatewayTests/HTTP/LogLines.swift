import Logging
import Synchronization

/// Keeps the lines of a log.
final class LogLines: Sendable {
    private let kept = Mutex<[LogEvent]>([])

    var all: [LogEvent] { kept.withLock { $0 } }
    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.kept.withLock { $0.append(event) } }
    }
}
