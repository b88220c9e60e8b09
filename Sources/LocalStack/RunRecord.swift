import Foundation

/// A file beside the log that says which process runs from a description, so that the next start, after a crash of
/// everything, does not meet the last one's process on the same data.
enum RunRecord {
    static func file(for description: ProcessDescription) -> URL {
        description.logFile.deletingPathExtension().appendingPathExtension("pid")
    }

    /// Notes number and start time.
    static func write(_ processIdentifier: Int32, for description: ProcessDescription) throws {
        guard let status = ProcessStatus(processIdentifier) else { return }
        try PrivateFile.write("\(processIdentifier) \(status.startTime)\n", to: file(for: description))
    }

    /// The kernel kills our children when we die, but not before we are gone: waits a few seconds for that. A process
    /// that stays is someone's server on this data, and an error.
    static func waitForEndOfLastRun(of description: ProcessDescription, name: String) async throws {
        guard let text = try? String(contentsOf: file(for: description), encoding: .utf8) else { return }
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let processIdentifier = Int32(fields[0]), let startTime = UInt64(fields[1])
        else { return }
        let deadline = ContinuousClock.now + .seconds(5)
        while let status = ProcessStatus(processIdentifier), status.startTime == startTime, !status.hasEnded {
            if ContinuousClock.now > deadline {
                throw StartFailure(
                    name: name, reason: "already runs on this directory as process \(processIdentifier)",
                    advice: "Stop that process, or choose another directory.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
