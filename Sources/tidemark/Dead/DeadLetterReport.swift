import Commands
import EventLog
import Foundation

/// A dead letter as it is printed in JSON.
struct DeadLetterReport: Encodable {
    let command: String
    let key: String
    let reason: String
    let diedAt: String
    let state: String
    let partition: Int
    let sequence: UInt64
    let decidedAt: String?
    let decidedBy: String?
    let decision: String?
    var details: Details?

    /// What was asked for.
    struct Details: Encodable {
        let operation: String
        let precondition: String?
        let principal: String
        let issuedAt: String
        let expiresAt: String?
        let origin: String
        let originSequence: UInt64
        let traceparent: String?
        let contentType: String?
        let size: Int?
        let value: Data?

        private enum CodingKeys: String, CodingKey {
            case operation, precondition, principal, origin, traceparent, size, value
            case base64 = "value_base64"
            case issuedAt = "issued_at"
            case expiresAt = "expires_at"
            case originSequence = "origin_sequence"
            case contentType = "content_type"
        }

        init(_ command: Command, _ dot: Dot) {
            principal = command.principal
            issuedAt = command.issuedAt.rfc3339
            expiresAt = command.expiresAt?.rfc3339
            origin = dot.origin.description
            originSequence = dot.n
            traceparent = command.traceparent
            precondition =
                switch command.precondition {
                case .none: nil
                case .exists: "If-Match: *"
                case .absent: "If-None-Match: *"
                case .versions(let versions):
                    "If-Match: " + versions.map { "\"\($0)\"" }.joined(separator: ", ")
                }
            var content: Content?
            switch command.operation {
            case .put(let put): (operation, content) = ("put", put)
            case .delete: operation = "delete"
            case .erase: operation = "erase"
            // What is left of a letter whose command was erased.
            case .barrier: operation = "erased"
            }
            contentType = content?.type
            size = content?.value.count
            value = content?.value
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(operation, forKey: .operation)
            try container.encodeIfPresent(precondition, forKey: .precondition)
            try container.encode(principal, forKey: .principal)
            try container.encode(issuedAt, forKey: .issuedAt)
            try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
            try container.encode(origin, forKey: .origin)
            try container.encode(originSequence, forKey: .originSequence)
            try container.encodeIfPresent(traceparent, forKey: .traceparent)
            try container.encodeIfPresent(contentType, forKey: .contentType)
            try container.encodeIfPresent(size, forKey: .size)
            if let value, let text = String(validating: value, as: UTF8.self) {
                try container.encode(text, forKey: .value)
            } else {
                try container.encodeIfPresent(value, forKey: .base64)
            }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case command, key, reason, state, partition, sequence, decision, details
        case diedAt = "died_at"
        case decidedAt = "decided_at"
        case decidedBy = "decided_by"
    }

    init(_ record: DeadLetterRecord) {
        command = record.command.description
        key = record.key.text
        reason = record.reason
        diedAt = record.diedAt.rfc3339
        state = record.state.rawValue
        partition = record.partition.number
        sequence = record.sequence
        decidedAt = record.decidedAt?.rfc3339
        decidedBy = record.decidedBy
        decision = record.decision
    }

    /// Names and values, for people.
    var lines: [(name: String, value: String)] {
        var lines = [
            ("command", command), ("key", key), ("state", state), ("reason", reason), ("died", diedAt),
            ("partition", "\(partition), which stood at \(sequence)"),
        ]
        if let decidedAt, let decidedBy {
            lines.append(("decided", "\(decidedAt) by \(decidedBy)" + (decision.map { ": \($0)" } ?? "")))
        }
        guard let details else { return lines }
        lines += [
            ("operation", details.operation), ("principal", details.principal), ("issued", details.issuedAt),
            ("dot", "\(details.originSequence) of \(details.origin)"),
        ]
        if let precondition = details.precondition { lines.append(("precondition", precondition)) }
        if let expiresAt = details.expiresAt { lines.append(("expires", expiresAt)) }
        if let traceparent = details.traceparent { lines.append(("traceparent", traceparent)) }
        if let type = details.contentType, let size = details.size {
            lines.append(("value", "\(size) bytes of \(type)"))
        }
        return lines
    }
}
