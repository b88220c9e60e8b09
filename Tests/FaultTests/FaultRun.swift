import Checking
import Foundation
import History
import SplitMix
import Testing
import TidemarkClient

/// One fault, made again and again while the checker's clients work, then judged.
struct FaultRun: Sendable {
    let fault: Fault
    let rounds: Int
    let seed: UInt64

    func run(on stack: FaultStack) async throws -> FaultReport {
        var plan = CheckPlan(urls: stack.urls, seed: seed)
        plan.timeout = .seconds(3)
        plan.settleTimeout = .seconds(120)
        let check = CheckRun(plan)
        let door = FrontDoor(plan, recorder: check.recorder)
        var dice = SplitMix64(seed: seed, stream: plan.clients)
        let troublesBefore = stack.links.mapValues(\.met)
        let times = rounds * fault.actions.count
        let recording = try await check.record {
            try await door.watch {
                try await Task.sleep(for: .seconds(1))
                for time in 0..<times {
                    let undo = try await stack.begin(fault.actions[time % fault.actions.count], &dice)
                    try await Task.sleep(for: fault.duration)
                    try await undo()
                    try await Self.everythingWorks(stack)
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
        for case .trouble(let link, let trouble) in fault.actions {
            #expect(stack.links[link]?.met != troublesBefore[link], "\(trouble) met no connection of \(link)")
        }
        return FaultReport(
            fault: fault.name, times: times, recording: recording, verdict: Verdict(of: recording),
            outages: FrontDoor.Client.allCases.map { door.outage(of: $0, in: recording.calls) })
    }

    /// Through each gateway writes are applied again, in all partitions.
    private static func everythingWorks(_ stack: FaultStack) async throws {
        for url in stack.urls {
            try await TidemarkClient.withClient(.init(urls: [url], timeout: .seconds(3), retry: .never)) { client in
                for number in 0..<4 * FaultStack.partitions {
                    try await eventually("writes are applied through \(url)", within: .seconds(180)) {
                        let receipt = try? await client.put(
                            Data("up".utf8), for: "up/\(number)", options: WriteOptions(wait: .seconds(5)))
                        return receipt?.version != nil
                    }
                }
            }
        }
    }
}
