/// A call is one flat object; docs/checking.md lists the members.
extension Call: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, process, session, workload, gateway, key, call, consistency, value, invoked, completed, outcome, effect
        case seen, version, command, problem
        case condition = "if"
    }
    private enum Kind: String, Codable { case get, put, delete }
    private enum Outcome: String, Codable { case value, absent, accepted, applied, rejected, refused, unknown }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let condition = try container.decodeIfPresent(Condition.self, forKey: .condition) ?? .none
        let request: Request =
            switch try container.decode(Kind.self, forKey: .call) {
            case .get: .get(try container.decode(ReadLevel.self, forKey: .consistency))
            case .put: .put(try container.decode(String.self, forKey: .value), condition)
            case .delete: .delete(condition)
            }
        let version = try container.decodeIfPresent(UInt64.self, forKey: .version)
        let command = try container.decodeIfPresent(String.self, forKey: .command)
        let answer: Answer =
            switch try container.decode(Outcome.self, forKey: .outcome) {
            case .value:
                .value(
                    try container.decode(String.self, forKey: .seen),
                    version: try container.decode(UInt64.self, forKey: .version))
            case .absent: .absent
            case .accepted: .accepted(command: command)
            case .applied:
                .applied(
                    try container.decode(Answer.Effect.self, forKey: .effect), version: version, command: command)
            case .rejected: .rejected(current: version, command: command)
            case .refused: .refused(problem: try container.decode(String.self, forKey: .problem))
            case .unknown: .unknown(problem: try container.decode(String.self, forKey: .problem), command: command)
            }
        self.init(
            id: try container.decode(Int.self, forKey: .id),
            process: try container.decode(Int.self, forKey: .process),
            session: try container.decodeIfPresent(Int.self, forKey: .session),
            workload: try container.decode(Scenario.self, forKey: .workload),
            gateway: try container.decode(Int.self, forKey: .gateway),
            key: try container.decode(String.self, forKey: .key),
            request: request,
            invoked: try container.decode(Int64.self, forKey: .invoked),
            completed: try container.decodeIfPresent(Int64.self, forKey: .completed),
            answer: answer)
        try checkSense(container)
    }

    /// A file that was written or changed by hand must not be judged for what it does not say.
    private func checkSense(_ container: KeyedDecodingContainer<CodingKeys>) throws {
        func refuse(_ key: CodingKeys, _ what: String) -> DecodingError {
            .dataCorruptedError(forKey: key, in: container, debugDescription: "operation \(id) \(what)")
        }
        switch answer {
        case .value, .absent: if isWrite { throw refuse(.outcome, "is a write with the outcome of a read") }
        case .accepted, .applied, .rejected, .unknown:
            if !isWrite { throw refuse(.outcome, "is a read with the outcome of a write") }
        case .refused: break
        }
        if (completed == nil) != isOpen {
            throw refuse(.completed, "must have a completion time if, and only if, its outcome is known")
        }
        if let completed, completed < invoked { throw refuse(.completed, "ends before it begins") }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(process, forKey: .process)
        try container.encodeIfPresent(session, forKey: .session)
        try container.encode(workload, forKey: .workload)
        try container.encode(gateway, forKey: .gateway)
        try container.encode(key, forKey: .key)
        switch request {
        case .get(let level):
            try container.encode(Kind.get, forKey: .call)
            try container.encode(level, forKey: .consistency)
        case .put(let value, _):
            try container.encode(Kind.put, forKey: .call)
            try container.encode(value, forKey: .value)
        case .delete:
            try container.encode(Kind.delete, forKey: .call)
        }
        if request.condition != .none { try container.encode(request.condition, forKey: .condition) }
        try container.encode(invoked, forKey: .invoked)
        try container.encodeIfPresent(completed, forKey: .completed)
        try encodeAnswer(&container)
    }

    private func encodeAnswer(_ container: inout KeyedEncodingContainer<CodingKeys>) throws {
        try container.encodeIfPresent(command, forKey: .command)
        switch answer {
        case .value(let seen, let version):
            try container.encode(Outcome.value, forKey: .outcome)
            try container.encode(seen, forKey: .seen)
            try container.encode(version, forKey: .version)
        case .absent:
            try container.encode(Outcome.absent, forKey: .outcome)
        case .accepted:
            try container.encode(Outcome.accepted, forKey: .outcome)
        case .applied(let effect, let version, _):
            try container.encode(Outcome.applied, forKey: .outcome)
            try container.encode(effect, forKey: .effect)
            try container.encodeIfPresent(version, forKey: .version)
        case .rejected(let current, _):
            try container.encode(Outcome.rejected, forKey: .outcome)
            try container.encodeIfPresent(current, forKey: .version)
        case .refused(let problem):
            try container.encode(Outcome.refused, forKey: .outcome)
            try container.encode(problem, forKey: .problem)
        case .unknown(let problem, _):
            try container.encode(Outcome.unknown, forKey: .outcome)
            try container.encode(problem, forKey: .problem)
        }
    }
}

/// `"exists"`, `"absent"`, or a version as a number.
extension Condition: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let version = try? container.decode(UInt64.self) {
            self = .version(version)
            return
        }
        switch try container.decode(String.self) {
        case "exists": self = .exists
        case "absent": self = .absent
        case let other:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(other)\" is no precondition; there are \"exists\", \"absent\" and versions")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .none: try container.encodeNil()
        case .exists: try container.encode("exists")
        case .absent: try container.encode("absent")
        case .version(let version): try container.encode(version)
        }
    }
}
