package import Foundation
import Glibc
import Synchronization

/// A process that can be started again and again from one description, with a check that tells when it is ready.
///
/// By itself it is a ``Server`` too: a role of ours, say.
package final class ManagedProcess: Server {
    /// Unique within a stack; shown in messages and in the inventory.
    package let name: String
    /// A URL or connection string for people and programs; may contain a password.
    package let endpoint: String?
    package let description: ProcessDescription
    private let options: Options
    private let state = Mutex(State())

    package struct Options: Sendable {
        /// Runs before each start, for files that must be there.
        package var prepare: @Sendable () async throws -> Void = {}
        /// Asked every few milliseconds until true.
        package var ready: Readiness.Check = { true }
        package var stopSignal: Int32 = SIGTERM
        /// How long it may take to stop before it gets SIGKILL.
        package var grace: Duration = .seconds(10)
        package var startTimeout: Duration = .seconds(30)
        /// What a person should do when it does not start.
        package var advice = "Look at its log for the reason."
        /// Where else the reason may be, when the log file has nothing to say.
        package var secondLog: URL?

        package init() {}
    }

    private struct State {
        var current: ServerProcess?
        var starting: Task<Void, any Error>?
    }

    package init(
        name: String, endpoint: String? = nil, description: ProcessDescription, options: Options = Options()
    ) {
        self.name = name
        self.endpoint = endpoint
        self.description = description
        self.options = options
    }

    package var processes: [ManagedProcess] { [self] }

    /// The run of now, or the last one; `nil` before the first.
    package var current: ServerProcess? { state.withLock { $0.current } }

    package var processIdentifier: Int32? {
        current.flatMap { $0.isRunning ? $0.processIdentifier : nil }
    }

    /// Starts the process unless it runs, and waits until it is ready.
    package func start() async throws {
        let task: Task<Void, any Error>? = state.withLock { state in
            if let starting = state.starting { return starting }
            if let current = state.current, current.isRunning { return nil }
            let task = Task {
                defer { self.state.withLock { $0.starting = nil } }
                try await self.bringUp()
            }
            state.starting = task
            return task
        }
        guard let task else { return }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Also ends a start that is under way. Returns when no process is left.
    package func stop() async {
        if let starting = state.withLock({ $0.starting }) {
            starting.cancel()
            _ = await starting.result
        }
        await current?.terminate(signal: options.stopSignal, grace: options.grace)
        try? FileManager.default.removeItem(at: RunRecord.file(for: description))
    }

    /// Waits for the end of the current run; `nil` when there has been none.
    package func waitForExit() async -> ProcessExit? {
        await current?.waitForExit()
    }

    private func bringUp() async throws {
        try await RunRecord.waitForEndOfLastRun(of: description, name: name)
        rotateLog()
        try await options.prepare()
        try Task.checkCancellation()
        let process = try await ServerProcess.launch(description)
        state.withLock { $0.current = process }
        do {
            try RunRecord.write(process.processIdentifier, for: description)
            try await waitUntilReady(process)
        } catch {
            await process.terminate(signal: options.stopSignal, grace: .milliseconds(500))
            throw error
        }
    }

    private func waitUntilReady(_ process: ServerProcess) async throws {
        let deadline = ContinuousClock.now + options.startTimeout
        while true {
            try Task.checkCancellation()
            if let exit = process.exit { throw failure("did not start: it \(exit)") }
            if try await options.ready() { break }
            if ContinuousClock.now > deadline { throw failure("was not ready after \(options.startTimeout)") }
            try await Task.sleep(for: .milliseconds(20))
        }
        // Whoever answered the check may be a stranger on our port, if the process itself is gone.
        if let exit = process.exit { throw failure("did not start: it \(exit)") }
    }

    private func failure(_ reason: String) -> StartFailure {
        var log = LogTail(description.logFile)
        if let second = options.secondLog.map({ LogTail($0) }), !second.lines.isEmpty { log = second }
        return StartFailure(name: name, reason: reason, advice: options.advice, log: log)
    }

    /// Keeps one older log, so that a data directory used for months does not fill the disk.
    private func rotateLog() {
        let path = description.logFile.path
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        if size > 16 << 20 { rename(path, path + ".old") }
    }
}
