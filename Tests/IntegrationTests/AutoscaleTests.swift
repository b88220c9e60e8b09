import Foundation
import Glibc
import LocalStack
import Testing

@Suite("Autoscaling", .serialized)
struct AutoscaleTests {
    /// The windows of a minute, in seconds; thresholds that a debug build on a small machine reaches.
    private static let settings = [
        "INTERVAL": "1", "UP_WINDOW": "2", "DOWN_WINDOW": "6", "COOL_DOWN": "3", "GATEWAYS_MAXIMUM": "2",
        "PROJECTORS_MAXIMUM": "2", "GATEWAY_REQUESTS": "4", "GATEWAY_PROCESSORS": "0.4", "LATENCY_SECONDS": "30",
        "DRAIN_SECONDS": "2",
    ]

    @Test(
        "Load rises: a gateway and a projector join and take traffic and partitions. It falls: they drain and leave. No request fails"
    )
    func follows() async throws {
        let environment = Dictionary(
            uniqueKeysWithValues: Self.settings.map { ("TIDEMARK_AUTOSCALER_\($0.key)", $0.value) })
        try await DevProcess.with(["--autoscale", "--partitions", "4"], environment: environment) { dev in
            #expect(try dev.roles() == ["gateway-1", "projector-1"])
            let steady = SteadyLoad(url: dev.url, clients: 2, name: "steady", pause: .milliseconds(200))
            let surge = SteadyLoad(url: dev.url, clients: 16, name: "surge", waits: false)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer {
                    steady.stop()
                    surge.stop()
                }
                group.addTask { await steady.run() }
                try await withThrowingTaskGroup(of: Void.self) { rush in
                    defer { surge.stop() }
                    rush.addTask { await surge.run() }
                    // What one projector applies here, so many clients don't send: it gets a twentieth of a processor.
                    let slow = Task { try await dev.slow("projector-1") }
                    defer { slow.cancel() }
                    try await eventually(within: .seconds(60), "both join", state: { try dev.roles() }) {
                        $0 == ["gateway-1", "gateway-2", "projector-1", "projector-2"]
                    }
                    let load = try await dev.load()
                    try #require(try dev.roles().count == 4, "\(load)")
                    try await eventually(
                        within: .seconds(30), "the gateway serves", state: { try await dev.served("gateway-2") }
                    ) {
                        $0 > 20
                    }
                    try await eventually(
                        within: .seconds(30), "the projector applies",
                        state: { try await dev.metric("tidemark_projector_commands_applied_total", of: "projector-2") }
                    ) { $0 > 20 }
                    try await eventually(
                        within: .seconds(15), "it has its share of the partitions",
                        state: { try await dev.metric("tidemark_projector_partitions_owned", of: "projector-2") }
                    ) { $0 == 2 }
                    slow.cancel()
                    _ = await slow.result
                    surge.stop()
                    try await rush.waitForAll()
                }
                try await eventually(within: .seconds(90), "both leave", state: { try dev.roles() }) {
                    $0 == ["gateway-1", "projector-1"]
                }
                try await eventually(
                    within: .seconds(30), "the other one has its partitions",
                    state: { try await dev.metric("tidemark_projector_partitions_owned", of: "projector-1") }
                ) { $0 == 4 }
                steady.stop()
                try await group.waitForAll()
            }
            try await steady.verify()
            try await surge.verify()
            let log = try String(contentsOf: dev.directory.appendingPathComponent("dev.log"), encoding: .utf8)
            #expect(!log.contains("starting it again"), "nothing died: \(log)")
            #expect(log.contains("gateways: 2 instead of 1, because"))
            #expect(log.contains("projectors: 1 instead of 2, because"))
        }
    }
}

extension DevProcess {
    fileprivate func roles() throws -> [String] {
        try running().map(\.name).filter { $0.hasPrefix("gateway") || $0.hasPrefix("projector") }.sorted()
    }

    /// What the autoscaler sees, for whoever has to find out why it did nothing.
    fileprivate func load() async throws -> String {
        var figures = try roles()
        for (name, instance) in [
            ("tidemark_http_requests_in_flight", "gateway-1"), ("process_cpu_seconds_total", "gateway-1"),
            ("tidemark_projector_backlog_commands", "projector-1"),
            ("tidemark_projector_oldest_unapplied_seconds", "projector-1"),
        ] { figures.append("\(name) \(try await metric(name, of: instance))") }
        return figures.joined(separator: ", ")
    }

    /// The sum of a metric's series.
    fileprivate func metric(
        _ name: String, of instance: String, where included: (Substring) -> Bool = { _ in true }
    ) async throws -> Double {
        let url = try #require(try running().first { $0.name == instance }?.url)
        return try await HTTP.send(.get, url + "/metrics").text.split(separator: "\n")
            .filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
            .filter(included)
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            .reduce(0, +)
    }

    /// Requests to the API that a gateway has answered.
    fileprivate func served(_ gateway: String) async throws -> Double {
        try await metric("tidemark_http_requests_total", of: gateway) { $0.contains("route=\"/v1/") }
    }

    /// Stops and continues a process until cancelled, so that it runs for a twentieth of the time.
    fileprivate func slow(_ name: String) async throws {
        let process = try #require(try running().first { $0.name == name }?.processID)
        defer { kill(process, SIGCONT) }
        while true {
            kill(process, SIGSTOP)
            try await Task.sleep(for: .milliseconds(95))
            kill(process, SIGCONT)
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
