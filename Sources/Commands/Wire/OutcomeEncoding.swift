package import Foundation
import SwiftProtobuf

/// One message to an origin's reply queue: outcomes of commands of one partition.
package enum OutcomeMessage {
    private static let format: UInt32 = 1

    package static func encode(_ outcomes: some Collection<Outcome>, partition: Partition) -> Data {
        var wire = WireOutcomes()
        wire.format = format
        wire.partition = UInt32(partition.number)
        wire.outcomes = outcomes.map(\.wire)
        do {
            return try wire.serializedBytes()
        } catch {
            preconditionFailure("outcomes always encode: \(error)")
        }
    }

    package static func decode(_ message: Data) -> Result<[Outcome], WireError> {
        guard let wire = try? WireOutcomes(serializedBytes: message), wire.format == format else {
            return .failure(WireError("not an Outcomes message"))
        }
        let partition = Partition(Int(wire.partition))
        let outcomes = wire.outcomes.compactMap { Outcome($0, partition: partition) }
        return outcomes.count == wire.outcomes.count ? .success(outcomes) : .failure(WireError("damaged outcome"))
    }
}

extension Outcome {
    fileprivate var wire: WireOutcome {
        var wire = WireOutcome()
        wire.command = command.bytes
        wire.sequence = sequence
        switch result {
        case .put(let created): wire.put.created = created
        case .deleted(let existed): wire.deleted.existed = existed
        case .rejected(.preconditionFailed(let current)):
            wire.preconditionFailed.hasCurrent_p = current != nil
            wire.preconditionFailed.current = current ?? 0
        case .rejected(.idempotencyKeyReused): wire.idempotencyKeyReused = WireNothing()
        case .barrier: wire.barrier = WireNothing()
        case .dead(let reason): wire.dead.reason = reason
        }
        return wire
    }

    fileprivate init?(_ wire: WireOutcome, partition: Partition) {
        guard let command = CommandID(bytes: wire.command), let result = wire.result else { return nil }
        let decoded: Result =
            switch result {
            case .put(let put): .put(created: put.created)
            case .deleted(let deleted): .deleted(existed: deleted.existed)
            case .preconditionFailed(let failed):
                .rejected(.preconditionFailed(current: failed.hasCurrent_p ? failed.current : nil))
            case .idempotencyKeyReused: .rejected(.idempotencyKeyReused)
            case .barrier: .barrier
            case .dead(let dead): .dead(reason: dead.reason)
            }
        self.init(command: command, partition: partition, sequence: wire.sequence, result: decoded)
    }
}
