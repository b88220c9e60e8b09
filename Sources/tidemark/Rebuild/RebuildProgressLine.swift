import EventLog
import Foundation

/// Tells on a terminal how far a rebuild is, on one line that is drawn again.
enum RebuildProgressLine {
    static func shown<R: Sendable>(of progress: RebuildProgress, _ body: () async throws -> R) async throws -> R {
        guard isatty(STDERR_FILENO) == 1 else { return try await body() }
        let drawing = Task {
            var phase = RebuildProgress.Phase.waiting
            var began = ContinuousClock.now
            while !Task.isCancelled {
                let reading = progress.current
                if reading.phase != phase { (phase, began) = (reading.phase, .now) }
                draw("\r\u{1b}[K" + line(reading, seconds: (.now - began) / .seconds(1)))
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        defer {
            drawing.cancel()
            draw("\r\u{1b}[K")
        }
        return try await body()
    }

    /// - Parameter seconds: since the phase began.
    static func line(_ reading: RebuildProgress.Reading, seconds: Double) -> String {
        let rate = Double(reading.done) / max(0.001, seconds)
        var parts = [reading.phase.rawValue]
        if reading.total > 0 {
            let share = min(1, Double(reading.done) / Double(reading.total))
            let filled = Int(share * 24)
            let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 24 - filled)
            parts.append("[\(bar)] \(Int(share * 100))%")
        }
        if reading.partitions > 0 { parts.append("\(reading.partitionsDone) of \(reading.partitions) partitions") }
        if reading.done > 0 {
            parts.append("\(Figures.count(reading.done)) \(reading.phase == .building ? "events" : "rows")")
            parts.append("\(Figures.count(Int(rate)))/s")
        }
        if reading.total > reading.done, rate > 0 {
            parts.append("ETA \(Figures.time(Double(reading.total - reading.done) / rate))")
        }
        return parts.joined(separator: "  ")
    }

    private static func draw(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
