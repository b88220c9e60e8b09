import ArgumentParser
import Gateway
import Glibc
import Logging

/// What a line of the log looks like.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json

    /// For people at a terminal, else for programs.
    static var usual: LogFormat { isatty(STDERR_FILENO) == 1 ? .text : .json }
}

extension Settings {
    /// Logs go to standard error: standard output is for answers.
    func bootstrapLogging() throws {
        guard let level = Logger.Level(rawValue: string(.logLevel)) else {
            throw ValidationError("log.level: \"\(string(.logLevel))\" is no level. \(Setting.logLevel.help)")
        }
        let format = try optional(.logFormat).map { text in
            guard let format = LogFormat(rawValue: text) else {
                throw ValidationError("log.format is text or json, not \"\(text)\".")
            }
            return format
        }
        switch format ?? .usual {
        case .text:
            LoggingSystem.bootstrap { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = level
                return handler
            }
        case .json: LoggingSystem.bootstrap { JSONLogHandler(label: $0, level: level) }
        }
    }

    func requestLog() throws -> RequestLog {
        guard let choice = RequestLog.Choice(rawValue: string(.logRequests)) else {
            throw Invalid(description: "log.requests is off, notable or all, not \"\(string(.logRequests))\".")
        }
        return RequestLog(choice)
    }
}
