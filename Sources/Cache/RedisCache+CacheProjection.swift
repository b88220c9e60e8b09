package import Commands
import Lanes

extension RedisCache: CacheProjection {
    package func position(of partition: Partition) async throws(CacheError) -> CachePosition? {
        var command = RESPCommand("HMGET", arguments: 5)
        command.add(names.vector(of: partition))
        for field in ["e", "i", "s"] { command.add(field) }
        let reply = try await lane.send(command)
        guard let fields = reply.elements else {
            if case .error(let message) = reply { throw .refused(message) }
            throw .refused("HMGET answered no array")
        }
        return CachePosition(fields: fields)
    }

    package func advance(
        _ partition: Partition, from position: CachePosition, to target: CachePosition, origins: CacheOrigins,
        changed: [Key]
    ) async throws(CacheError) -> CacheAdvance {
        precondition(position.incarnation == target.incarnation, "advancing keeps the incarnation")
        let prefix = names.entryPrefix(incarnation: position.incarnation)
        let (replacing, applied) =
            switch origins {
            case .merging(let applied): ("0", applied)
            case .replacing(let applied): ("1", applied)
            }
        return try await run(
            Scripts.advance, on: partition, entries: changed.map { prefix + $0.text },
            [
                String(position.epoch), position.incarnation, String(position.sequence), String(target.epoch),
                String(target.sequence), heartbeatMilliseconds, replacing,
            ], applied)
    }

    package func renew(_ partition: Partition, at position: CachePosition) async throws(CacheError) -> CacheAdvance {
        try await run(
            Scripts.renew, on: partition,
            [String(position.epoch), position.incarnation, String(position.sequence), heartbeatMilliseconds])
    }

    package func establish(
        _ partition: Partition, at position: CachePosition, applied: [Origin: UInt64]
    ) async throws(CacheError) -> CacheAdvance {
        try await run(
            Scripts.establish, on: partition,
            [String(position.epoch), position.incarnation, String(position.sequence), heartbeatMilliseconds], applied)
    }

    private var heartbeatMilliseconds: String { String(configuration.heartbeatTimeToLive.inMilliseconds) }

    private func run(
        _ script: RedisScript, on partition: Partition, entries: [String] = [], _ arguments: [String],
        _ applied: [Origin: UInt64] = [:]
    ) async throws(CacheError) -> CacheAdvance {
        var arguments = arguments.map { Array($0.utf8) }
        for (origin, n) in applied {
            arguments.append(Array(origin.description.utf8))
            arguments.append(Array(String(n).utf8))
        }
        let reply = try await run(
            script, keys: [names.vector(of: partition), names.heartbeat(of: partition)] + entries, arguments: arguments)
        guard let answer = reply.elements, let word = answer.first?.text else {
            if case .error(let message) = reply { throw .refused(message) }
            throw .refused("a script answered no word")
        }
        switch word {
        case "done": return .done
        case "fenced": return .fenced
        case "elsewhere": return .elsewhere(CachePosition(fields: answer.dropFirst()))
        default: throw .refused("a script answered an unknown word")
        }
    }
}

extension CachePosition {
    /// - Parameter fields: epoch, incarnation and sequence; anything else is no position.
    fileprivate init?(fields: some Sequence<RedisReply>) {
        let texts = fields.map(\.text)
        guard texts.count == 3, let epoch = texts[0].flatMap({ UInt64($0) }), let incarnation = texts[1],
            let sequence = texts[2].flatMap({ UInt64($0) })
        else { return nil }
        self.init(epoch: epoch, incarnation: incarnation, sequence: sequence)
    }
}
