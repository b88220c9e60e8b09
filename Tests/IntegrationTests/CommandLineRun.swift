import Foundation
import LocalStack

/// One call of the `tidemark` executable that was built beside the tests.
enum CommandLineRun {
    /// - Parameters:
    ///   - environment: more than the least there is.
    ///   - stop: when what was printed satisfies it, the program gets Ctrl-C.
    /// - Returns: how it ended, and what it printed.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], until stop: ((String) -> Bool)? = nil
    ) async throws -> (exit: ProcessExit, output: String) {
        let file = TestServers.directory.appendingPathComponent("call-\(UUID().uuidString.prefix(8))")
        func output() -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
        let process = try await ServerProcess.launch(
            ProcessDescription(
                executable: DevProcess.executable, arguments: arguments,
                environment: ProcessDescription.minimalEnvironment(home: TestServers.directory).merging(environment) {
                    $1
                },
                workingDirectory: TestServers.directory, logFile: file))
        if let stop {
            try await eventually("\(arguments) printed", state: output, until: stop)
            process.signal(SIGINT)
        }
        return (await process.waitForExit(), output())
    }
}
