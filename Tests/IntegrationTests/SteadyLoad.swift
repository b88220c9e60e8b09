import Foundation
import Synchronization
import Testing

/// Clients that use every kind of call and remember what failed.
final class SteadyLoad: Sendable {
    private struct State {
        var answered = 0
        var failures: [String] = []
        var written: [Int]
        var isStopping = false
    }

    private let url: String
    private let state: Mutex<State>
    private let clients: Int
    private let name: String
    private let pause: Duration
    private let waits: Bool

    /// - Parameters:
    ///   - name: of its keys, where several run.
    ///   - pause: of each client between its rounds.
    ///   - waits: whether some of the calls wait for writes to be applied; clients that don't send on while a backlog grows.
    init(url: String, clients: Int, name: String = "", pause: Duration = .zero, waits: Bool = true) {
        self.url = url
        self.clients = clients
        self.name = name
        self.pause = pause
        self.waits = waits
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
                    while !self.state.withLock({ $0.isStopping }) {
                        await self.round(client, &session)
                        if self.pause > .zero { try? await Task.sleep(for: self.pause) }
                    }
                }
            }
        }
    }

    private func round(_ client: Int, _ session: inout String) async {
        let key = "/v1/kv/\(name)w\(client)"
        let patient = ["Prefer": "wait=20"]
        let n = state.withLock { $0.written[client] }
        await call(.put, key, [:], "\(n)") { state, answer in
            state.written[client] += 1
            session = answer.session
        }
        await call(.get, key, [:])
        guard waits else { return }
        await call(.get, key, patient.merging(["Tidemark-Session": session]) { $1 })
        await call(.put, "/v1/kv/\(name)x\(client)", patient, String(repeating: "x", count: 20_000))
        await call(.get, key, patient.merging(["Tidemark-Consistency": "linearizable"]) { $1 })
        await call(.delete, "/v1/kv/\(name)x\(client)", patient)
        let batch =
            #"{"operations":[{"op":"put","key":"\#(name)b\#(client)","value":"1"},{"op":"get","key":"\#(name)w\#(client)"}]}"#
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

    private func values(of client: Int) async throws -> [Int] {
        var values: [Int] = []
        var after = 0
        while true {
            let page = try await HTTP.send(
                .get, url + "/v1/history/\(name)w\(client)?values=true&limit=1000&after=\(after)"
            ).json
            let events = page["events"] as? [[String: Any]] ?? []
            values += events.compactMap { ($0["value"] as? String).flatMap { Int($0) } }
            guard let next = page["next"] as? Int else { return values }
            after = next
        }
    }

    /// No request failed, and each write is in the log once and in order.
    func verify() async throws {
        #expect(failures.isEmpty, "\(failures.count) of \(answered): \(failures.prefix(5))")
        for client in 0..<clients {
            let count = written[client]
            let values = try await values(of: client)
            #expect(values == Array(0..<count), "each write once, in order: \(values.count) of \(count)")
        }
    }
}
