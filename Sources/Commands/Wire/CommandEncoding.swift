package import Foundation
import SwiftProtobuf

/// A command as it stands inside a batch message. Encoded once, on the thread that took the request; the publisher
/// only puts such pieces together.
package struct EncodedCommand: Sendable {
    package let bytes: Data

    package init(_ command: Command) {
        do {
            bytes = try command.wire.serializedBytes()
        } catch {
            preconditionFailure("a command without required fields always encodes: \(error)")
        }
    }
}

extension CommandBatch {
    package static let format: UInt32 = 1

    /// The message body: the batch's header followed by each command as a length-delimited field 5, which is what
    /// protobuf defines `repeated Command commands` to be.
    package static func encode(
        partition: Partition, origin: Origin, firstN: UInt64, commands: some Collection<EncodedCommand>
    ) -> Data {
        var header = WireCommandBatch()
        header.format = format
        header.partition = UInt32(partition.number)
        header.origin = origin.id
        header.firstN = firstN
        var message: Data
        do {
            message = try header.serializedBytes()
        } catch {
            preconditionFailure("a batch header always encodes: \(error)")
        }
        message.reserveCapacity(message.count + commands.reduce(0) { $0 + $1.bytes.count + 6 })
        for command in commands {
            message.append(5 << 3 | 2)
            var length = UInt64(command.bytes.count)
            while length > 0x7f {
                message.append(UInt8(truncatingIfNeeded: length) | 0x80)
                length >>= 7
            }
            message.append(UInt8(length))
            message.append(command.bytes)
        }
        return message
    }

    package static func decode(_ message: Data) -> Result<CommandBatch, WireError> {
        guard let wire = try? WireCommandBatch(serializedBytes: message) else {
            return .failure(WireError("not a CommandBatch"))
        }
        guard wire.format == format else { return .failure(WireError("unknown format \(wire.format)")) }
        guard wire.firstN > 0, Partitioner.allowedCounts.upperBound > wire.partition, !wire.commands.isEmpty else {
            return .failure(WireError("partition, first_n or commands out of range"))
        }
        guard wire.firstN <= UInt64(Int64.max) - UInt64(wire.commands.count) else {
            return .failure(WireError("first_n out of range"))
        }
        var commands: [Command] = []
        commands.reserveCapacity(wire.commands.count)
        for (index, wireCommand) in wire.commands.enumerated() {
            switch Command.decode(wireCommand) {
            case .success(let command): commands.append(command)
            case .failure(let error): return .failure(WireError("command \(index): \(error.message)"))
            }
        }
        return .success(
            CommandBatch(
                partition: Partition(Int(wire.partition)), origin: Origin(wire.origin), firstN: wire.firstN,
                commands: commands))
    }
}

extension Command {
    fileprivate var wire: WireCommand {
        var wire = WireCommand()
        wire.id = id.bytes
        wire.key = key.text
        wire.principal = principal
        wire.issuedAt = issuedAt.microseconds
        wire.timeToLive = UInt64(timeToLive?.components.seconds ?? 0)
        wire.fingerprint = fingerprint?.bytes ?? Data()
        wire.traceparent = traceparent ?? ""
        wire.wantsOutcome = wantsOutcome
        switch operation {
        case .put(let content):
            var put = WireContent()
            put.value = content.value
            put.type = content.type
            wire.operation = .put(put)
        case .delete: wire.operation = .delete(WireNothing())
        case .barrier: wire.operation = .barrier(WireNothing())
        case .erase(let erasure):
            var message = WireErasure()
            message.reason = erasure.reason
            message.first = erasure.first
            message.last = erasure.last ?? 0
            wire.operation = .erasure(message)
        }
        switch precondition {
        case .none: break
        case .exists: wire.precondition = .exists(WireNothing())
        case .absent: wire.precondition = .absent(WireNothing())
        case .versions(let versions):
            var list = WireVersions()
            list.versions = versions
            wire.precondition = .versions(list)
        }
        return wire
    }

    /// The opposite of `EncodedCommand`.
    package static func decode(_ encoded: Data) -> Result<Command, WireError> {
        guard let wire = try? WireCommand(serializedBytes: encoded) else { return .failure(WireError("not a Command")) }
        return decode(wire)
    }

    fileprivate static func decode(_ wire: WireCommand) -> Result<Command, WireError> {
        guard let id = CommandID(bytes: wire.id) else { return .failure(WireError("id")) }
        guard let key = try? Key(wire.key) else { return .failure(WireError("key")) }
        guard let operation = wire.operation else { return .failure(WireError("no operation")) }
        guard wire.timeToLive <= maximumTimeToLiveSeconds else { return .failure(WireError("time_to_live")) }
        guard (0...Timestamp.maximumMicroseconds).contains(wire.issuedAt) else {
            return .failure(WireError("issued_at"))
        }
        guard wire.fingerprint.isEmpty || wire.fingerprint.count == Fingerprint.byteCount else {
            return .failure(WireError("fingerprint"))
        }
        for text in [wire.principal, wire.traceparent, wire.put.type, wire.erasure.reason] where text.utf8.contains(0) {
            return .failure(WireError("a text holds NUL"))
        }
        guard wire.erasure.first <= Int64.max, wire.erasure.last <= Int64.max else {
            return .failure(WireError("versions out of range"))
        }
        let decodedOperation: Command.Operation =
            switch operation {
            case .put(let put): .put(Content(value: put.value, type: put.type))
            case .delete: .delete
            case .barrier: .barrier
            case .erasure(let erasure):
                .erase(
                    Erasure(
                        reason: erasure.reason, first: erasure.first, last: erasure.last == 0 ? nil : erasure.last))
            }
        let precondition: Precondition =
            switch wire.precondition {
            case nil: .none
            case .exists: .exists
            case .absent: .absent
            case .versions(let list): .versions(list.versions)
            }
        return .success(
            Command(
                id: id, operation: decodedOperation, key: key, precondition: precondition,
                timeToLive: wire.timeToLive == 0 ? nil : .seconds(Int64(wire.timeToLive)),
                principal: wire.principal,
                issuedAt: Timestamp(microseconds: wire.issuedAt),
                fingerprint: Fingerprint(bytes: wire.fingerprint),
                traceparent: wire.traceparent.isEmpty ? nil : wire.traceparent,
                wantsOutcome: wire.wantsOutcome))
    }

    /// Ten years.
    package static let maximumTimeToLiveSeconds: UInt64 = 10 * 366 * 86_400
}

extension Timestamp {
    /// 9999-12-31T23:59:59Z less ten years, so that no expiry leaves what RFC 3339 and SQL can say.
    static let maximumMicroseconds: Int64 = 253_086_595_199_000_000
}
