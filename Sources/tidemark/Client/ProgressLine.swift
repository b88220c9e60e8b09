import Foundation

/// One line on a terminal that tells how far something is, drawn again while it runs.
enum ProgressLine {
    static func shown<R>(_ line: @escaping @Sendable () -> String, of body: () async throws -> R) async throws -> R {
        guard isatty(STDERR_FILENO) == 1 else { return try await body() }
        let drawing = Task {
            while !Task.isCancelled {
                draw("\r\u{1b}[K" + line())
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        defer {
            drawing.cancel()
            draw("\r\u{1b}[K")
        }
        return try await body()
    }

    /// - Parameter total: 0 when it isn't known.
    static func text(done: UInt64, of total: UInt64, unit: String, since start: ContinuousClock.Instant) -> String {
        let seconds = max(0.001, (ContinuousClock.now - start) / .seconds(1))
        let rate = Double(done) / seconds
        var parts = ["\(Figures.count(Int(done))) \(unit)", "\(Figures.count(Int(rate)))/s"]
        guard total > 0 else { return parts.joined(separator: "  ") }
        if rate > 0, total > done { parts.append("ETA \(Figures.time(Double(total - done) / rate))") }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * 24)
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 24 - filled)
        return "[\(bar)] \(Int(share * 100))%  " + parts.joined(separator: "  ")
    }

    private static func draw(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
