import Foundation
import Glibc
import Synchronization

/// A child process in a group of its own that never outlives us.
///
/// Each has a thread that spawns it, waits for it and reaps it. That thread is what the kernel takes for the parent
/// (`PR_SET_PDEATHSIG`), so the child gets SIGKILL exactly when this process ends, however it ends, and never because
/// a thread of a pool was retired.
package final class ServerProcess: Sendable {
    package let processIdentifier: Int32
    private let state = Mutex(State())

    private struct State {
        var exit: ProcessExit?
        var waiters: [CheckedContinuation<ProcessExit, Never>] = []
    }

    private init(processIdentifier: Int32) {
        self.processIdentifier = processIdentifier
    }

    /// Starts a process. Returns once it exists, which says nothing about its being ready; a program that can't be
    /// run shows as exit code 126 or 127, with the reason in its log.
    package static func launch(_ description: ProcessDescription) async throws -> ServerProcess {
        let command = try SpawnCommand(description)
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let process: ServerProcess
                do {
                    process = ServerProcess(processIdentifier: try command.spawn())
                } catch {
                    return continuation.resume(throwing: error)
                }
                continuation.resume(returning: process)
                process.reap()
            }
        }
    }

    /// Blocks the process's own thread until the end. The exit is noted under the same lock as the reaping, so that
    /// ``signal(_:)`` can't hit a stranger who was given the number next.
    private func reap() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(processIdentifier), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (exit, waiters) = state.withLock { state in
            var status: Int32 = 0
            while waitpid(processIdentifier, &status, 0) < 0, errno == EINTR {}
            let exit = ProcessExit(waitStatus: status)
            state.exit = exit
            defer { state.waiters = [] }
            return (exit, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }

    /// How it ended; `nil` while it runs.
    package var exit: ProcessExit? { state.withLock { $0.exit } }

    package var isRunning: Bool { exit == nil }

    /// Waits for the end; cancellation does not shorten it.
    @discardableResult
    package func waitForExit() async -> ProcessExit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.waiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Sends a signal to this process alone; no effect after its end.
    package func signal(_ number: Int32) {
        state.withLock { state in
            if state.exit == nil { _ = Glibc.kill(processIdentifier, number) }
        }
    }

    /// The process and everything it started, whatever group they are in now.
    package var tree: ProcessTree { isRunning ? ProcessTree(root: processIdentifier) : ProcessTree() }

    /// SIGSTOP to the process and all its descendants: a server that hangs.
    package func pause() {
        signal(SIGSTOP)
        tree.signal(SIGSTOP)
    }

    /// Undoes ``pause()``.
    package func resume() {
        tree.signal(SIGCONT)
        signal(SIGCONT)
    }

    /// SIGKILL to the process and all its descendants: a crash. Returns when all are gone.
    package func kill() async {
        await terminate(signal: SIGKILL, grace: .zero)
    }

    /// Asks with `signal`, waits for `grace`, then sends SIGKILL to whatever of the tree is left. Returns when all are
    /// gone; cancellation does not shorten it, because nothing may stay behind.
    package func terminate(signal number: Int32 = SIGTERM, grace: Duration) async {
        await Task {
            var tree = self.tree
            // Stopped processes take no signal but SIGKILL.
            if number != SIGKILL { self.resume() }
            self.signal(number)
            let deadline = ContinuousClock.now + grace
            while self.isRunning, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(25))
                tree.merge(self.tree)
            }
            if self.isRunning {
                tree.merge(self.tree)
                self.signal(SIGKILL)
                tree.signal(SIGKILL)
            }
            await self.waitForExit()
            // Descendants end by themselves when their root has; those that don't within a second are made to.
            let patience = ContinuousClock.now + (number == SIGKILL ? .zero : .seconds(1))
            while !tree.isEmpty {
                if ContinuousClock.now >= patience { tree.signal(SIGKILL) }
                try? await Task.sleep(for: .milliseconds(10))
                tree.removeEnded()
            }
        }.value
    }
}
