import Foundation
import Glibc
import LocalStack
import Testing

/// A second run of this test program, told by its environment to run a stack until it is killed.
@Suite("Death of the parent")
struct ParentDeathTests {
    private static let variable = "TIDEMARK_TEST_STACK_DIRECTORY"
    private static let directory = ProcessInfo.processInfo.environment[variable]

    @Test("helper: runs a stack for the test below", .enabled(if: Self.directory != nil, "not a test by itself"))
    func helperRunsStack() async throws {
        let directory = URL(fileURLWithPath: try #require(Self.directory))
        try await LocalStack(LocalStack.Options(dataDirectory: directory)).run()
    }

    @Test(
        "Servers die with a parent that gets SIGKILL, and the next start finds everything in order",
        .enabled(if: Self.directory == nil))
    func parentIsKilled() async throws {
        try await withScratchDirectory { scratch in
            let directory = scratch.appendingPathComponent("data")
            var environment = ProcessDescription.minimalEnvironment(home: scratch)
            environment[Self.variable] = directory.path
            let log = scratch.appendingPathComponent("helper.log")
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let parent = try await ServerProcess.launch(
                ProcessDescription(
                    executable: program,
                    arguments: ["--testing-library", "swift-testing", "--filter", "helperRunsStack"],
                    environment: environment, workingDirectory: scratch, logFile: log))
            let inventory = directory.appendingPathComponent("dev.json")
            let names = ["\"postgres\"", "\"redis\"", "\"rabbitmq\""]
            try await eventually(
                within: .seconds(60), { (try? String(contentsOf: inventory, encoding: .utf8)) ?? "\(LogTail(log))" },
                is: { names.allSatisfy($0.contains) })
            #expect(processes(mentioning: directory.path).count >= 4)

            parent.signal(SIGKILL)
            await parent.waitForExit()
            try await eventually(within: .seconds(5), { processes(mentioning: directory.path) }, is: { $0.isEmpty })
            let again = Task {
                try await LocalStack(LocalStack.Options(dataDirectory: directory)).run { _, _ in
                    throw CancellationError()
                }
            }
            // Not cancelled itself, so the error comes through; it says that everything was ready.
            await #expect(throws: CancellationError.self) { try await again.value }
            #expect(processes(mentioning: directory.path) == [])
        }
    }
}
