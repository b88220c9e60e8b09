import Checking
import History
import SplitMix
import Testing

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
                    try await stack.untilWhole()
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
}
