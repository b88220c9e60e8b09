import Foundation
import Glibc
import LocalStack
import Testing

@Suite("Server processes")
struct ServerProcessTests {
    private func shell(_ script: String, in directory: URL) -> ProcessDescription {
        ProcessDescription(
            executable: "/bin/sh", arguments: ["-c", script], workingDirectory: directory,
            logFile: directory.appendingPathComponent("log"))
    }

    @Test(
        "The end of a process is told as it was",
        arguments: [
            ("exit 0", ProcessExit.exited(0)), ("exit 7", .exited(7)), ("kill -9 $$", .signalled(9)),
        ])
    func exit(script: String, expected: ProcessExit) async throws {
        try await withScratchDirectory { directory in
            let process = try await ServerProcess.launch(shell(script, in: directory))
            #expect(await process.waitForExit() == expected)
            #expect(process.exit == expected)
        }
    }

    @Test("A process gets the environment and the directory that were described, and no open files of ours")
    func inheritance() async throws {
        try await withScratchDirectory { directory in
            setenv("TIDEMARK_LEAK", "leaked", 1)
            let descriptor = open("/dev/null", O_RDONLY)
            defer { close(descriptor) }
            let output = try await OneShot.run("/bin/sh", ["-c", "env; pwd; ls /proc/self/fd"], in: directory)
            #expect(!output.contains("TIDEMARK_LEAK"))
            #expect(output.contains(directory.path))
            // `ls` itself has the directory that it lists as number 3.
            #expect(output.hasSuffix("0\n1\n2\n3\n"), "\(output)")
        }
    }

    @Test("A process that ignores SIGTERM is killed after the grace period, with what it started")
    func insists() async throws {
        try await withScratchDirectory { directory in
            let script = "trap '' TERM; setsid sleep 1000 & sleep 1000 & echo up; while :; do wait; done"
            let process = try await ServerProcess.launch(shell(script, in: directory))
            try await eventually({ process.tree.processIdentifiers.count }, is: { $0 == 3 })
            var tree = process.tree
            await process.terminate(grace: .milliseconds(100))
            #expect(process.exit == .signalled(SIGKILL))
            tree.removeEnded()
            #expect(tree.isEmpty, "\(tree)")
        }
    }

    @Test("A paused process ends when asked to")
    func pausedEnds() async throws {
        try await withScratchDirectory { directory in
            let process = try await ServerProcess.launch(shell("exec sleep 1000", in: directory))
            process.pause()
            await process.terminate(grace: .seconds(10))
            #expect(process.exit == .signalled(SIGTERM))
        }
    }

    @Test("A program that is not there fails with its log and what to do")
    func missingProgram() async throws {
        try await withScratchDirectory { directory in
            var description = shell("", in: directory)
            description.executable = "/no/such/server"
            var options = ManagedProcess.Options()
            options.ready = { false }
            let server = ManagedProcess(name: "ghost", description: description, options: options)
            let failure = await #expect(throws: StartFailure.self) { try await server.start() }
            #expect(failure?.description.contains("/no/such/server") == true)
        }
    }

    @Test("A start that is cancelled leaves nothing")
    func interrupted() async throws {
        try await withScratchDirectory { directory in
            var options = ManagedProcess.Options()
            options.ready = { false }
            let server = ManagedProcess(name: "slow", description: shell("sleep 1000", in: directory), options: options)
            let start = Task { try await server.start() }
            try await eventually({ server.isRunning }, is: { $0 })
            start.cancel()
            await #expect(throws: CancellationError.self) { try await start.value }
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("A server that does not become ready in time is an error and leaves nothing")
    func tooSlow() async throws {
        try await withScratchDirectory { directory in
            var options = ManagedProcess.Options()
            options.ready = { false }
            options.startTimeout = .milliseconds(300)
            options.advice = "Wait for better days."
            let server = ManagedProcess(
                name: "slow", description: shell("echo warming up; sleep 1000", in: directory), options: options)
            let failure = await #expect(throws: StartFailure.self) { try await server.start() }
            #expect(failure?.description.contains("warming up") == true)
            #expect(failure?.description.contains("better days") == true)
            #expect(processes(mentioning: directory.path) == [])
        }
    }
}
