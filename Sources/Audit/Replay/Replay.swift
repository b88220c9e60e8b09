package import Commands
package import EventLog
import Foundation

/// The state of a partition at a position, from its events alone: the first pass finds out which events still stand, one bit
/// each, the second gives them.
package struct Replay<Source: EventSource>: Sendable {
    private let source: Source
    private let prefix: [UInt8]
    private let memory: Int

    /// - Parameters:
    ///   - prefix: of the keys that are wanted.
    ///   - memory: bytes for the states of keys; beyond that, temporary files.
    package init(_ source: Source, prefix: String = "", memory: Int = 128 << 20) {
        self.source = source
        self.prefix = Array(prefix.utf8)
        self.memory = memory
    }

    /// Folds the puts whose values stand, in the order in which they were written.
    ///
    /// - Parameter read: called with how many events were read, now and then.
    package func fold<State: Sendable>(
        _ position: LogPoint.Position, into state: State, read: @escaping @Sendable (UInt64) -> Void = { _ in },
        _ step: @escaping @Sendable (inout State, EventRow) throws -> Void
    ) async throws -> State {
        let standing = try await standing(at: position, read)
        let pass = try await source.fold(
            position.partition, after: 0, through: position.sequence, values: true, into: Counted(state)
        ) { pass, row in
            pass.count(read)
            if standing.contains(row.sequence) { try step(&pass.state, row) }
        }
        pass.tellRest(read)
        return pass.state
    }

    private func standing(
        at position: LogPoint.Position, _ read: @escaping @Sendable (UInt64) -> Void
    ) async throws -> SequenceSet {
        let digest = RowDigest()
        let keys = try KeyFold(after: 0, count: position.sequence, memory: memory)
        var pass = try await source.fold(
            position.partition, after: 0, through: position.sequence, values: false, into: Counted(keys)
        ) { pass, row in
            pass.count(read)
            guard let kind = row.kind, kind.changesState, row[.key].starts(with: prefix) else { return }
            _ = try pass.state.apply(KeyStep(row, kind: kind, digest: digest))
        }
        pass.tellRest(read)
        var standing = SequenceSet(through: position.sequence)
        try pass.state.finish { states in
            states.forEachLive(at: position.time.microseconds) { standing.insert($0.version) }
        }
        return standing
    }
}
