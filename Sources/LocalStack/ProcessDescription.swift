package import Foundation

/// What to run: everything a process gets, and nothing that it would inherit by accident.
package struct ProcessDescription: Sendable {
    /// Absolute path of the program.
    package var executable: String
    package var arguments: [String]
    /// The whole environment; nothing is inherited. ``minimalEnvironment(home:)`` is a start.
    package var environment: [String: String]
    package var workingDirectory: URL
    /// Where standard output and standard error are appended (created with mode 0600).
    package var logFile: URL
    /// A directory that the process finds open as `/proc/self/fd/3`, opened before it changes its user: it can be
    /// used even where that user may not pass through the directory's parents (such as /root).
    package var openDirectory: URL?
    /// The user to become; only root can ask for one.
    package var user: String?

    package init(
        executable: String, arguments: [String] = [], environment: [String: String]? = nil, workingDirectory: URL,
        logFile: URL, openDirectory: URL? = nil, user: String? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment ?? Self.minimalEnvironment(home: workingDirectory)
        self.workingDirectory = workingDirectory
        self.logFile = logFile
        self.openDirectory = openDirectory
        self.user = user
    }

    /// A search path, UTF-8, UTC and a home: what a server needs to behave the same for everyone.
    package static func minimalEnvironment(home: URL) -> [String: String] {
        ["PATH": ExecutableFinder.searchPath, "LANG": "C.UTF-8", "TZ": "UTC", "HOME": home.path]
    }
}
