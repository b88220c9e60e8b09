import Checking
import Foundation

/// Tells on a terminal how far a run is, on one line that is drawn again.
enum CheckProgress {
    static func shown<R: Sendable>(
        of run: CheckRun, seconds: Double, _ body: () async throws -> R
    ) async throws -> R {
        guard isatty(STDERR_FILENO) == 1 else { return try await body() }
        let start = ContinuousClock.now
        let drawing = Task {
            while !Task.isCancelled {
                draw("\r\u{1b}[K" + line(run.progress, elapsed: (.now - start) / .seconds(1), of: seconds))
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        defer {
            drawing.cancel()
            draw("\r\u{1b}[K")
        }
        return try await body()
    }

    static func line(_ progress: CheckRun.Progress, elapsed: Double, of seconds: Double) -> String {
        let (share, text) =
            switch progress {
            case .load(let calls):
                (
                    min(1, elapsed / seconds),
                    "\(Figures.count(calls)) operations  \(Figures.time(max(0, seconds - elapsed))) to go"
                )
            case .settling(let done, let total):
                (
                    total > 0 ? Double(done) / Double(total) : 1,
                    "following up \(Figures.count(done)) of \(Figures.count(total))"
                )
            }
        let filled = Int(share * 24)
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 24 - filled)
        return "[\(bar)] \(text)"
    }

    private static func draw(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
