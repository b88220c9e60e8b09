import ArgumentParser
import Foundation
import TidemarkClient

/// What the process ends with, for scripts.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case wrongUsage = 2
    case notFound = 3
    case preconditionFailed = 4
    /// Of `tidemark check`: nothing wrong was found, and something could not be judged.
    case inconclusive = 5

    var code: ExitCode { ExitCode(rawValue) }

    init(_ error: TidemarkError) {
        switch error.status {
        case 404 where ["not-found", "unknown-command"].contains(error.problem): self = .notFound
        case 412: self = .preconditionFailed
        default: self = .failed
        }
    }

    /// ArgumentParser ends with `EX_USAGE`; Tidemark's contract says 2.
    init(parserCode: ExitCode) {
        switch parserCode {
        case .success: self = .done
        case .validationFailure: self = .wrongUsage
        default: self = ExitStatus(rawValue: parserCode.rawValue) ?? .failed
        }
    }
}

extension AsyncParsableCommand {
    /// Parses the command line, runs what it names, and ends the process with the status that Tidemark promises.
    static func runAsTool(_ arguments: [String]? = nil) async -> Never {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Foundation.exit(ExitStatus.done.rawValue)
        } catch {
            let text = fullMessage(for: error)
            let status = ExitStatus(parserCode: exitCode(for: error))
            if !text.isEmpty {
                let handle = status == .done ? FileHandle.standardOutput : FileHandle.standardError
                try? handle.write(contentsOf: Data((text + "\n").utf8))
            }
            Foundation.exit(status.rawValue)
        }
    }
}
