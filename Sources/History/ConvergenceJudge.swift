/// Whether at rest every gateway says what the log says, at every consistency.
struct ConvergenceJudge {
    func judge(_ keys: [KeyHistory], _ reads: [Record.FinalRead]) -> Judgement {
        var judgement = Judgement("convergence", unit: "reads")
        let byKey = Dictionary(grouping: reads, by: \.key)
        for key in keys where key.isLogComplete {
            guard let reads = byKey[key.key] else {
                judgement.open.append("\(key.key): it was not read at the end")
                continue
            }
            let last = key.events.last { $0.kind != .rejected }
            let value = last?.kind == .put ? last : nil
            for read in reads {
                if let problem = read.problem {
                    judgement.open.append(
                        "\(key.key): gateway \(read.gateway) did not answer a read at \(read.level.rawValue) at the end "
                            + "(\(problem))")
                    continue
                }
                judgement.judged += 1
                guard read.value != value?.value || read.version != value?.version else { continue }
                let seen = Self.text(read.value, read.version)
                let logged = Self.text(value?.value, value?.version)
                judgement.violations.append(
                    Violation(
                        .notConverged, key: key.key,
                        "At rest, gateway \(read.gateway) says \(seen) at \(read.level.rawValue), and the log says "
                            + "\(logged).", events: last.map { [$0] } ?? []))
            }
        }
        return judgement
    }

    private static func text(_ value: String?, _ version: UInt64?) -> String {
        value.map { "\(Request.short($0)), version \(version ?? 0)" } ?? "no value"
    }
}
