import Checking
import Foundation
import History
import LocalStack
import Synchronization
import Testing

@Suite("tidemark dev --ha")
struct HighAvailabilityTests {
    @Test(
        "Redis master, leading broker and database primary are killed in turn under load: all come back, nothing is lost"
    )
    func killedInTurn() async throws {
        try await DevProcess.with(["--ha", "--partitions", "2"]) { dev in
            let stack = Stack(dev)
            #expect(try dev.gateways().count == 2)
            try await stack.reports("postgres-2 has everything")

            var plan = CheckPlan(urls: [dev.url], seed: 7)
            plan.settleTimeout = .seconds(60)
            let availability = Availability(dev.url)
            let recording = try await CheckRun(plan).record {
                try await availability.measure("redis") {
                    try await stack.kill("redis-1")
                    try await stack.comesBack("redis-1")
                    try await eventually(within: .seconds(20), "a replica", state: { try await stack.role("redis-1") })
                    {
                        $0.hasPrefix("slave")
                    }
                    #expect(try await stack.role("redis-2").hasPrefix("master"))
                }
                try await availability.measure("broker") {
                    let queues = try await stack.queues()
                    #expect(queues.allSatisfy { $0.members == 3 }, "\(queues)")
                    let leader = try #require(queues.first?.leader)
                    try await stack.kill(leader)
                    try await stack.comesBack(leader)
                }
                try await availability.measure("database") {
                    try await stack.kill("postgres-1")
                    try await stack.reports("postgres-2 becomes the primary")
                    try await stack.comesBack("postgres-1")
                    try await stack.reports("postgres-1 has everything")
                }
            }
            let verdict = Verdict(of: recording)
            #expect(verdict.result == .right, "\((verdict.violations.map(\.text) + verdict.open).prefix(5))")
            print("unavailable for at most: \(availability.summary)")
            for longest in availability.longest { #expect(longest.duration < .seconds(30), "\(longest)") }
        }
    }

    /// What a test asks of the running stack.
    private struct Stack {
        let dev: DevProcess
        private var data: URL { dev.directory.appendingPathComponent("data") }

        init(_ dev: DevProcess) { self.dev = dev }

        private func entry(_ name: String) throws -> (process: Int32, url: String) {
            let inventory = try JSONSerialization.jsonObject(
                with: Data(contentsOf: data.appendingPathComponent("dev.json")))
            let processes = (inventory as? [String: Any])?["processes"] as? [[String: Any]] ?? []
            let entry = try #require(processes.first { $0["name"] as? String == name })
            return (Int32(try #require(entry["process_id"] as? Int)), entry["url"] as? String ?? "")
        }

        private func port(_ name: String) throws -> String {
            String(try #require(try entry(name).url.split(separator: ":").last?.prefix { $0.isNumber }))
        }

        func kill(_ name: String) throws {
            #expect(Foundation.kill(try entry(name).process, SIGKILL) == 0)
        }

        private var log: String {
            (try? String(contentsOf: dev.directory.appendingPathComponent("dev.log"), encoding: .utf8)) ?? ""
        }

        func reports(_ line: String) async throws {
            try await eventually(within: .seconds(60), line, state: { log }) { $0.contains(line) }
        }

        func comesBack(_ name: String) async throws { try await reports("\(name) runs again") }

        func role(_ redis: String) async throws -> String {
            let client = try ExecutableFinder.find("redis-cli", package: "redis-tools")
            return try await OneShot.run(client, ["-p", try port(redis), "ROLE"], in: dev.directory)
        }

        /// The partitions' queues: the process that leads each, and how many have a copy.
        func queues() async throws -> [(leader: String, members: Int)] {
            let home = data.appendingPathComponent("rabbitmq-1")
            let control = try ExecutableFinder.find(
                "rabbitmqctl", package: "rabbitmq-server", first: ["/usr/lib/rabbitmq/bin"])
            let environment = [
                "ERL_EPMD_PORT": try port("rabbitmq-epmd"), "ERL_EPMD_ADDRESS": "127.0.0.1",
                "RABBITMQ_CTL_ERL_ARGS": "-start_epmd false",
            ]
            let text = try await OneShot.run(
                control,
                [
                    "--quiet", "--node", try node(1), "list_queues", "name", "leader", "members", "--formatter",
                    "json",
                ],
                environment: ProcessDescription.minimalEnvironment(home: home).merging(environment) { $1 },
                in: dev.directory)
            let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
            let names = try (1...3).map { try node($0) }
            return try json.filter { ($0["name"] as? String)?.contains(".commands.") == true }.map { queue in
                let index = try #require(names.firstIndex(of: queue["leader"] as? String ?? ""), "\(queue)")
                return ("rabbitmq-\(index + 1)", (queue["members"] as? [Any])?.count ?? 0)
            }
        }

        private func node(_ number: Int) throws -> String {
            try String(contentsOf: data.appendingPathComponent("rabbitmq-\(number)/node-name"), encoding: .utf8)
        }
    }

    /// Writes and reads all the time, and keeps the longest time between two that succeeded.
    private final class Availability: Sendable {
        struct Longest: Sendable {
            let phase: String
            let kind: String
            let duration: Duration
        }

        private final class End: Sendable {
            private let here = Mutex(false)
            var isHere: Bool { here.withLock { $0 } }
            func came() { here.withLock { $0 = true } }
        }

        private let url: String
        private let state = Mutex<[Longest]>([])

        init(_ url: String) { self.url = url }

        var longest: [Longest] { state.withLock { $0 } }
        var summary: String {
            longest.sorted { ($0.phase, $0.kind) < ($1.phase, $1.kind) }
                .map { "\($0.phase) \($0.kind) \(Int($0.duration / .milliseconds(1))) ms" }.joined(separator: ", ")
        }

        func measure(_ phase: String, _ body: () async throws -> Void) async throws {
            let end = End()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [url] in
                    await self.probe(phase, "writes", until: end) {
                        try await HTTP.send(.put, "\(url)/v1/kv/probe", body: "x").status == 202
                    }
                }
                group.addTask { [url] in
                    await self.probe(phase, "waited writes", until: end) {
                        let answer = try await HTTP.send(
                            .put, "\(url)/v1/kv/waited", ["Prefer": "wait=1"], body: "x")
                        return answer.status == 200 || answer.status == 201
                    }
                }
                group.addTask { [url] in
                    await self.probe(phase, "reads", until: end) {
                        try await HTTP.send(.get, "\(url)/v1/kv/probe").status == 200
                    }
                }
                group.addTask { [url] in
                    await self.probe(phase, "applied reads", until: end) {
                        let headers = ["Tidemark-Consistency": "applied"]
                        return try await HTTP.send(.get, "\(url)/v1/kv/probe", headers).status == 200
                    }
                }
                defer { end.came() }
                try await body()
            }
        }

        private func probe(
            _ phase: String, _ kind: String, until end: End, _ attempt: () async throws -> Bool
        ) async {
            var last = ContinuousClock.now
            var longest = Duration.zero
            while !end.isHere {
                let succeeded = (try? await attempt()) == true
                let now = ContinuousClock.now
                longest = max(longest, now - last)
                if succeeded { last = now }
                try? await Task.sleep(for: .milliseconds(20))
            }
            state.withLock { $0.append(Longest(phase: phase, kind: kind, duration: longest)) }
        }
    }
}
