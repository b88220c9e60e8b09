package import Commands
import EventLog
import Lanes
import Metrics
import NIOCore

extension RedisCache: ReadCache {
    /// How often a look-up follows a partition to another incarnation before it gives up. Twice is once a take-over.
    private static let rounds = 3

    package func lookUp(_ key: Key, in partition: Partition) async throws(CacheError) -> CacheLookup {
        let place = partitions[partition.number]
        var known = place.current
        do throws(CacheError) {
            for _ in 0..<Self.rounds {
                let reply = try await lane.send(entryCommand(key, place, known))
                if let lookup = try interpret(reply, key, place, &known) { return lookup }
            }
        } catch {
            metrics.lookupErrors.increment()
            throw error
        }
        metrics.unusable.increment()
        return .unusable
    }

    package func lookUp(
        _ key: Key, in partition: Partition, origins: [Origin]
    ) async throws(CacheError) -> (vector: VersionVector?, lookup: CacheLookup) {
        let place = partitions[partition.number]
        var known = place.current
        var vector: VersionVector?
        do throws(CacheError) {
            for _ in 0..<Self.rounds {
                var pipeline = RESPCommand("HMGET", arguments: 3 + origins.count, capacity: 256 + origins.count * 24)
                pipeline.add(place.vector)
                pipeline.add("s")
                for origin in origins { pipeline.add(origin.description) }
                pipeline.pipeline(entryCommand(key, place, known))
                // Each round takes the vector again, so that it is never newer than the entry.
                guard let replies = try await lane.send(pipeline, commands: 2).elements, replies.count == 2 else {
                    throw CacheError.refused("other than two replies")
                }
                vector = try decodeVector(replies[0], origins)
                if let lookup = try interpret(replies[1], key, place, &known) { return (vector, lookup) }
            }
        } catch {
            metrics.lookupErrors.increment()
            throw error
        }
        metrics.unusable.increment()
        return (vector, .unusable)
    }

    package func takeLease(on slot: CacheSlot) async throws(CacheError) -> CacheLeaseGrant {
        let token =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
        let lease = CacheEntryEncoding.encodeLease(token: token)
        for _ in 0..<2 {
            var command = RESPCommand("SET", arguments: 7, capacity: slot.name.utf8.count + 128)
            command.add(slot.name)
            command.add(lease)
            command.add("NX")
            command.add("GET")
            command.add("PX")
            command.add(configuration.leaseTimeToLive.inMilliseconds)
            switch try await lane.send(command) {
            case .null: return .granted(CacheLease(slot: slot, token: token))
            case .string(let held):
                switch CacheEntryEncoding.decode(held) {
                case .entry(let entry): return .filled(entry.seen(at: clock.now()))
                case .lease: return .held
                case .undecodable:
                    _ = try await run(Scripts.remove, keys: [slot.name], arguments: [Array(held.readableBytesView)])
                }
            case .error(let message): throw .refused(message)
            case .integer, .array: throw .refused("SET answered neither a string nor nothing")
            }
        }
        return .held
    }

    package func fill(_ lease: CacheLease, with entry: CacheEntry) async throws(CacheError) -> Bool {
        guard entry.value.readableBytes <= configuration.entryLimit,
            let bytes = CacheEntryEncoding.encode(entry), bytes.count <= configuration.entryLimit
        else {
            metrics.fillsRefused.increment()
            return false
        }
        let reply = try await run(
            Scripts.fill, keys: [lease.slot.name],
            arguments: [
                CacheEntryEncoding.encodeLease(token: lease.token), bytes, Array(String(timeToLive(of: entry)).utf8),
            ])
        if case .error(let message) = reply { throw .refused(message) }
        let stored = reply == .integer(1)
        (stored ? metrics.fillsStored : metrics.fillsRefused).increment()
        return stored
    }

    private func entryCommand(_ key: Key, _ place: PartitionLookup, _ known: PartitionLookup.Known) -> RESPCommand {
        var command = RESPCommand(
            head: place.head, missing: 1, capacity: known.entryPrefix.count + key.text.utf8.count + 16)
        command.add(known.entryPrefix, key.text)
        return command
    }

    /// - Returns: `nil` when the partition has another incarnation than the one that was looked for; `known` is then that one.
    private func interpret(
        _ reply: RedisReply, _ key: Key, _ place: PartitionLookup, _ known: inout PartitionLookup.Known
    ) throws(CacheError) -> CacheLookup? {
        guard let elements = reply.elements, elements.count == 2 else {
            if case .error(let message) = reply { throw .refused(message) }
            throw .refused("MGET answered other than two values")
        }
        guard let heartbeat = elements[0].bytes?.readableBytesView else {
            metrics.unusable.increment()
            return .unusable
        }
        guard heartbeat.elementsEqual(known.incarnation) else {
            known = place.learn(Array(heartbeat))
            return nil
        }
        if let bytes = elements[1].bytes, case .entry(let entry) = CacheEntryEncoding.decode(bytes) {
            metrics.hits.increment()
            return .hit(entry.seen(at: clock.now()))
        }
        metrics.misses.increment()
        return .miss(CacheSlot(name: String(decoding: known.entryPrefix, as: UTF8.self) + key.text))
    }

    private func decodeVector(_ reply: RedisReply, _ origins: [Origin]) throws(CacheError) -> VersionVector? {
        guard let fields = reply.elements, fields.count == origins.count + 1 else {
            if case .error(let message) = reply { throw .refused(message) }
            throw .refused("HMGET answered another number of values")
        }
        guard let sequence = fields[0].text.flatMap({ UInt64($0) }) else { return nil }
        var vector = VersionVector(sequence: sequence)
        for (origin, field) in zip(origins, fields.dropFirst()) {
            vector.applied[origin] = field.text.flatMap { UInt64($0) }
        }
        return vector
    }

    /// In milliseconds. A value that expires sooner goes with its expiry; one that has expired stays a second, so that readers
    /// don't all go to the database until its event is written.
    private func timeToLive(of entry: CacheEntry) -> Int64 {
        let usual = Double(configuration.entryTimeToLive.inMilliseconds) * Double.random(in: 0.9...1.1)
        guard let expiresAt = entry.state.expiresAt, !entry.state.deleted else { return max(1, Int64(usual)) }
        return max(1, min(Int64(usual), max(1_000, (expiresAt - clock.now()).inMilliseconds)))
    }
}
