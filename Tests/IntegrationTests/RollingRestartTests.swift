import Checking
import Foundation
import Glibc
import History
import LocalStack
import Synchronization
import Testing

@Suite("Rolling restarts", .serialized)
struct RollingRestartTests {
    @Test(
        "Every gateway and projector is restarted in turn under load behind nginx, and a gateway killed: no request fails, no write is lost or doubled"
    )
    func restarts() async throws {
        try await DevProcess.with(["--gateways", "2", "--projectors", "2", "--partitions", "4"]) { dev in
            let load = RestartLoad(url: dev.url, clients: 8)
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
            #expect(load.failures.isEmpty, "\(load.failures.count) of \(load.answered): \(load.failures.prefix(5))")
            let verdict = Verdict(of: recording)
            #expect(verdict.result == .right, "\(verdict.violations.prefix(5).map(\.text)) \(verdict.open.prefix(5))")
            let unknown = verdict.tally.rows.reduce(0) { $0 + $1.unknown }
            #expect(unknown == 0, "every outcome is known: \(verdict.tally.rows)")
            for client in 0..<8 {
                let count = load.written[client]
                let values = try await load.values(of: client)
                #expect(values == Array(0..<count), "each write once, in order: \(values.count) of \(count)")
                #expect(count > 10)
            }
        }
    }
}

extension DevProcess {
    /// Ends a process; returns when it has been started again and is ready.
    fileprivate func restart(_ name: String, by signal: Int32 = SIGTERM) async throws {
        struct Inventory: Decodable {
            struct Entry: Decodable {
                var name: String
                var processID: Int32

                enum CodingKeys: String, CodingKey {
                    case name
                    case processID = "process_id"
                }
            }
            var processes: [Entry]
        }
        let file = directory.appendingPathComponent("data/dev.json")
        let running = try JSONDecoder().decode(Inventory.self, from: Data(contentsOf: file)).processes
        let process = try #require(running.first { $0.name == name }?.processID)
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

/// Clients that use every kind of call and remember what failed.
private final class RestartLoad: Sendable {
    private struct State {
        var answered = 0
        var failures: [String] = []
        var written: [Int]
        var isStopping = false
    }

    private let url: String
    private let state: Mutex<State>
    private let clients: Int

    init(url: String, clients: Int) {
        self.url = url
        self.clients = clients
        state = Mutex(State(written: Array(repeating: 0, count: clients)))
    }

    var answered: Int { state.withLock { $0.answered } }
    var failures: [String] { state.withLock { $0.failures } }
    /// How many values each client has written to its key.
    var written: [Int] { state.withLock { $0.written } }

    func stop() { state.withLock { $0.isStopping = true } }

    func run() async {
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<clients {
                group.addTask {
                    var session = ""
                    while !self.state.withLock({ $0.isStopping }) { await self.round(client, &session) }
                }
            }
        }
    }

    private func round(_ client: Int, _ session: inout String) async {
        let key = "/v1/kv/w\(client)"
        let patient = ["Prefer": "wait=20"]
        let n = state.withLock { $0.written[client] }
        await call(.put, key, [:], "\(n)") { state, answer in
            state.written[client] += 1
            session = answer.session
        }
        await call(.get, key, patient.merging(["Tidemark-Session": session]) { $1 })
        await call(.get, key, [:])
        await call(.put, "/v1/kv/x\(client)", patient, String(repeating: "x", count: 20_000))
        await call(.get, key, patient.merging(["Tidemark-Consistency": "linearizable"]) { $1 })
        await call(.delete, "/v1/kv/x\(client)", patient)
        let batch = #"{"operations":[{"op":"put","key":"b\#(client)","value":"1"},{"op":"get","key":"w\#(client)"}]}"#
        await call(.post, "/v1/batch", ["Content-Type": "application/json"], batch)
    }

    private func call(
        _ method: HTTP.Method, _ path: String, _ headers: [String: String], _ body: String? = nil,
        then change: (inout State, HTTP.Answer) -> Void = { _, _ in }
    ) async {
        do {
            let answer = try await HTTP.send(method, url + path, headers, body: body)
            state.withLock { state in
                state.answered += 1
                if [200, 201, 202, 204, 404].contains(answer.status) {
                    change(&state, answer)
                } else {
                    state.failures.append("\(method) \(path): \(answer)")
                }
            }
        } catch {
            state.withLock { $0.failures.append("\(method) \(path): \(error)") }
        }
    }

    func values(of client: Int) async throws -> [Int] {
        var values: [Int] = []
        var after = 0
        while true {
            let page = try await HTTP.send(
                .get, url + "/v1/history/w\(client)?values=true&limit=1000&after=\(after)"
            ).json
            let events = page["events"] as? [[String: Any]] ?? []
            values += events.compactMap { ($0["value"] as? String).flatMap { Int($0) } }
            guard let next = page["next"] as? Int else { return values }
            after = next
        }
    }
}
