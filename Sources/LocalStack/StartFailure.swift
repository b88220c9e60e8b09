import Foundation

/// Something could not be started; says why, shows the end of its log, and says what to do next.
package struct StartFailure: Error, CustomStringConvertible, LocalizedError {
    package let name: String
    package let reason: String
    package let advice: String
    package let log: LogTail?

    package init(name: String, reason: String, advice: String, log: LogTail? = nil) {
        self.name = name
        self.reason = reason
        self.advice = advice
        self.log = log
    }

    package var description: String {
        let head = "\(name) \(reason)"
        guard let log, !log.lines.isEmpty else { return "\(head)\n\(advice)" }
        let lines = log.lines.map { "  | \($0)" }.joined(separator: "\n")
        return "\(head); the end of \(log.path):\n\(lines)\n\(advice)"
    }

    package var errorDescription: String? { description }
}
