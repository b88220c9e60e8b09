import Foundation

/// Swift seeds its hash tables at random at the start of a process, unless the environment says otherwise.
enum DeterministicHashing {
    private static let variable = "SWIFT_DETERMINISTIC_HASHING"

    struct NotStarted: Error, CustomStringConvertible {
        var description: String { "can't start myself again with \(variable)=1: \(String(cString: strerror(errno)))" }
    }

    /// Starts this program again with the variable set, in the same process, if it isn't.
    static func ensure() throws {
        if getenv(variable) != nil { return }
        setenv(variable, "1", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        throw NotStarted()
    }
}
