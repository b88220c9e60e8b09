import Checking
import Foundation
import Glibc
import History
import LocalStack
import Testing

@Suite("Rolling restarts", .serialized)
struct RollingRestartTests {
    @Test(
        "Every gateway and projector is restarted in turn under load behind nginx, and a gateway killed: no request fails, no write is lost or doubled"
    )
    func restarts() async throws {
        try await DevProcess.with(["--gateways", "2", "--projectors", "2", "--partitions", "4"]) { dev in
            let load = SteadyLoad(url: dev.url, clients: 8)
            let recording = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await load.run() }
                defer { load.stop() }
                var plan = CheckPlan(urls: [dev.url], seed: 7)
                plan.clients = 4
                let recording = try await CheckRun(plan).record {
                    for name in ["gateway-1", "gateway-2", "projector-1", "projector-2"] {
                        try await dev.restart(name)
                        let then = load.answered
                        try await eventually("load goes on", state: { load.answered }) { $0 > then + 100 }
                    }
                    // What it had accepted and not answered, nginx sends to the other one: the same commands.
                    try await dev.restart("gateway-1", by: SIGKILL)
                    let then = load.answered
                    try await eventually("load goes on", state: { load.answered }) { $0 > then + 100 }
                }
                load.stop()
                try await group.waitForAll()
                return recording
            }
            let verdict = Verdict(of: recording)
            #expect(verdict.result == .right, "\(verdict.violations.prefix(5).map(\.text)) \(verdict.open.prefix(5))")
            let unknown = verdict.tally.rows.reduce(0) { $0 + $1.unknown }
            #expect(unknown == 0, "every outcome is known: \(verdict.tally.rows)")
            try await load.verify()
            #expect(load.written.allSatisfy { $0 > 10 })
        }
    }
}

extension DevProcess {
    /// Ends a process; returns when it has been started again and is ready.
    fileprivate func restart(_ name: String, by signal: Int32 = SIGTERM) async throws {
        let process = try #require(try running().first { $0.name == name }?.processID)
        let log = directory.appendingPathComponent("dev.log")
        func returns() throws -> Int {
            try String(contentsOf: log, encoding: .utf8).components(separatedBy: "\(name) runs again").count
        }
        let before = try returns()
        kill(process, signal)
        try await eventually(within: .seconds(60), "\(name) ready", state: { try returns() }) { $0 > before }
        if signal == SIGTERM {
            #expect(try String(contentsOf: log, encoding: .utf8).contains("\(name) exited with code 0"))
        }
    }
}
