import Foundation
import LocalStack
import Testing

/// Runs `tidemark-simulate` from the build directory: it takes over the clock and the executor of its process, which the test
/// process could not bear.
enum SimulateProgram {
    static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("tidemark-simulate").path

    /// - Throws: when it ends with anything but 0; the error shows its last lines, the command to replay among them.
    @discardableResult
    static func run(_ arguments: String..., timeout: Duration = .seconds(60)) async throws -> String {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("simulation-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try await OneShot.run(executable, arguments, in: directory, timeout: timeout)
    }
}

@Suite("The simulation", .serialized)
struct SimulationTests {
    /// More in a nightly run.
    private static let seeds = ProcessInfo.processInfo.environment["TIDEMARK_SIMULATION_SEEDS"] ?? "2000"

    @Test("Two runs of a seed are the same, to the last line of their traces", arguments: [3, 17])
    func repeatable(seed: Int) async throws {
        let first = try await SimulateProgram.run("--seed", "\(seed)", "--trace")
        let second = try await SimulateProgram.run("--seed", "\(seed)", "--trace")
        #expect(first == second)
        #expect(first.contains("fingerprint"))
    }

    @Test("Every promise holds under every seed's faults")
    func promises() async throws {
        try await SimulateProgram.run("--seeds", Self.seeds, timeout: .seconds(900))
    }

    /// What a seed does changes with the simulator. So each stands with the faults that it needed, and these are tried with
    /// many seeds more.
    private static let found: [(name: String, seeds: [Int], faults: String)] = [
        ("a commit whose answer was lost runs again and still invalidates", [28], "ambiguousCommit,databaseLoss"),
        ("a lease whose answer was lost is taken again", [141], "databaseLoss,databaseOutage"),
        (
            "an owner that hands over ends before its lease does, and the next one applies nothing before it",
            [175, 1196],
            "contention,databaseOutage,projectorPause,slowRedis,sourceConnectionLoss,zombie"
        ),
        (
            "a session takes no other reader's fill after a miss, whatever a failover lost", [],
            "redisEviction,redisFailover,slowReads"
        ),
    ]

    @Test("What seeds have found stays mended", arguments: found.indices)
    func regressions(index: Int) async throws {
        let (name, seeds, faults) = Self.found[index]
        for seed in seeds { try await SimulateProgram.run("--seed", "\(seed)") }
        let output = try await SimulateProgram.run("--seeds", "25", "--faults", faults, timeout: .seconds(120))
        #expect(output.contains("25 seeds held"), "\(name): \(output)")
    }

    @Test("Each safeguard that is taken away is noticed")
    func mutations() async throws {
        try await SimulateProgram.run("--mutations", "--seeds", "1000", timeout: .seconds(600))
    }
}
