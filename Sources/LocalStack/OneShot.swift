package import Foundation

/// Runs a program to its end and returns what it printed.
package enum OneShot {
    /// Standard output and standard error together. A code other than 0, or no end within `timeout`, is an error that
    /// shows the last lines; the program is killed when the task is cancelled.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String]? = nil, in directory: URL,
        openDirectory: URL? = nil, user: String? = nil, timeout: Duration = .seconds(60)
    ) async throws -> String {
        let program = URL(fileURLWithPath: executable).lastPathComponent
        let output = directory.appendingPathComponent("\(program)-\(UInt32.random(in: 0 ... .max)).out")
        defer { try? FileManager.default.removeItem(at: output) }
        let process = try await ServerProcess.launch(
            ProcessDescription(
                executable: executable, arguments: arguments, environment: environment, workingDirectory: directory,
                logFile: output, openDirectory: openDirectory, user: user))

        let exit = await withTaskGroup(of: ProcessExit?.self) { group in
            group.addTask { await process.waitForExit() }
            group.addTask {
                // Ends early when the task is cancelled, and when the program has ended.
                try? await Task.sleep(for: timeout)
                await process.kill()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        try Task.checkCancellation()
        guard exit == .exited(0) else {
            throw StartFailure(
                name: program, reason: exit.map { "\($0)" } ?? "did not end within \(timeout)",
                advice: "The command was: \(([executable] + arguments).joined(separator: " "))",
                log: LogTail(output))
        }
        return try String(contentsOf: output, encoding: .utf8)
    }
}
