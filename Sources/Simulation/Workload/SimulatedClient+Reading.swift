import Commands
import Gateway
import HTTPTypes

extension SimulatedClient {
    func read(_ key: Key, _ consistency: Consistency) async {
        let begun = simulator.now
        let partition = history.partitioner.partition(of: key)
        var request = ClientRequest(
            method: .get, path: path(key), fields: [("Tidemark-Consistency", consistency.rawValue)])
        if random.chance(0.6) { request.fields.append(("Prefer", "wait=4")) }
        let own = ownSequence(in: partition)
        let answer = await send(request)
        let value: String?
        switch answer?.status {
        case 200: value = answer?.body
        case 404: value = nil
        case 503, nil:
            if answer?.body.contains("ahead of everything") == true {
                history.violation("session tokens are never ahead of the log", "\(key)")
            }
            return
        default: return unexpected(request, answer)
        }
        simulator.note("\(consistency) \(key) = \(value ?? "nothing") \(answer?["Cache-Status"] ?? "")")
        history.judge(
            key, shows: value, begun: begun, bounds: bounds(consistency, partition, begun: begun, own))
        if let version = answer?.version {
            saw(version, in: partition)
            versions[key] = version
        } else {
            versions[key] = nil
        }
    }

    /// What the answer must be as new as.
    private func bounds(
        _ consistency: Consistency, _ partition: Partition, begun: Nanoseconds, _ own: () -> UInt64
    ) -> [(sequence: UInt64, promise: String)] {
        var bounds = [
            (history.sequence(of: partition, at: begun - history.stalenessBound), "staleness within its bound")
        ]
        switch consistency {
        case .eventual: break
        case .session:
            bounds.append((seen[partition] ?? 0, "monotonic reads"))
            bounds.append((own(), "read your writes"))
        case .applied: bounds.append((history.sequence(of: partition, at: begun), "applied reads are current"))
        case .linearizable:
            bounds.append((history.sequence(of: partition, at: begun), "linearizable reads are linearizable"))
            bounds.append(
                (
                    history.acknowledgedSequence(in: partition, before: begun) ?? .max,
                    "linearizable reads are linearizable"
                ))
        }
        return bounds
    }

    /// What this session has written so far, as a sequence that is looked up later: when the read has its answer, that was applied.
    private func ownSequence(in partition: Partition) -> () -> UInt64 {
        let pending = pending[partition] ?? []
        return { [self] in
            var bound = written[partition] ?? 0
            for command in pending { bound = max(bound, history.sequences[command] ?? .max) }
            if bound < .max {
                written[partition] = bound
                self.pending[partition]?.removeFirst(pending.count)
            }
            return bound
        }
    }

    func saw(_ sequence: UInt64, in partition: Partition) {
        seen[partition] = max(seen[partition] ?? 0, sequence)
    }
}
