/// Something that consists of one or more processes and is started, stopped and crashed as one.
package protocol Server: Sendable {
    /// In the order in which they start. The last is the server itself; those before it are its helpers.
    var processes: [ManagedProcess] { get }
}

extension Server {
    /// The server itself.
    package var process: ManagedProcess { processes[processes.count - 1] }

    /// Starts what does not run yet and returns when it answers. When that fails, or the task is cancelled, nothing
    /// of it stays behind.
    package func start() async throws {
        do {
            for process in processes { try await process.start() }
        } catch {
            await stop()
            throw error
        }
    }

    /// Asks it to stop, insists after a while, and returns when every process of it is gone.
    package func stop() async {
        for process in processes.reversed() { await process.stop() }
    }

    /// ``stop()`` and ``start()``: same ports, same data.
    package func restart() async throws {
        await stop()
        try await start()
    }

    /// SIGKILL to every process of the server itself (not to its helpers); returns when they are gone.
    package func kill() async { await process.current?.kill() }

    /// SIGSTOP: connections stay open and nothing answers.
    package func pause() { process.current?.pause() }

    /// SIGCONT.
    package func resume() { process.current?.resume() }

    package var isRunning: Bool { process.current?.isRunning ?? false }

    /// `nil` when it does not run.
    package var processIdentifier: Int32? { process.processIdentifier }
}
