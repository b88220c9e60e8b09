@testable import History

/// Histories that a register made, one call after the other, whose intervals were then widened until they overlap; and
/// changes to them.
enum RandomRegister {
    /// - Parameter width: how much earlier and later than its effect a call may begin and end; effects are 10 apart.
    static func history(seed: UInt64, calls count: Int, width: Int64) -> [Call] {
        var random = SeededGenerator(seed: seed)
        var value: String?
        var version: UInt64 = 0
        var sequence: UInt64 = 0
        var calls: [Call] = []
        for id in 0..<count {
            var request: Request
            switch Int.random(in: 0..<100, using: &random) {
            case ..<35: request = .get(.linearizable)
            case ..<80: request = .put("v\(id)", condition(version, sequence, &random))
            default: request = .delete(condition(version, sequence, &random))
            }
            let holds: Bool =
                switch request.condition {
                case .none: true
                case .exists: value != nil
                case .absent: value == nil
                case .version(let wanted): value != nil && wanted == version
                }
            // Some writes of unknown outcome never happen.
            let isOpen = !(request == .get(.linearizable)) && random.chance(15)
            let happens = !isOpen || random.chance(60)
            var answer: Answer
            let before = (value: value, version: version)
            if case .get = request {
                answer = value.map { .value($0, version: version) } ?? .absent
            } else if !holds {
                answer = .rejected(current: value == nil ? nil : version, command: nil)
            } else {
                if happens {
                    sequence += 1
                    version = sequence
                    if case .put(let new, _) = request { value = new } else { value = nil }
                }
                switch request {
                case .put:
                    answer = .applied(
                        before.value == nil ? .created : .replaced, version: random.chance(80) ? version : nil,
                        command: nil)
                default:
                    answer = .applied(
                        before.value == nil ? .nothingToDelete : .deleted,
                        version: before.value == nil ? nil : version, command: nil)
                }
            }
            if isOpen { answer = .unknown(problem: "no-answer", command: nil) }
            let effect = Int64(id) * 10 + 1_000
            calls.append(
                Call(
                    id: id, process: id, key: "k", request: request,
                    invoked: effect - .random(in: 0...width, using: &random),
                    completed: isOpen ? nil : effect + .random(in: 0...width, using: &random), answer: answer))
        }
        return calls
    }

    private static func condition(
        _ version: UInt64, _ sequence: UInt64, _ random: inout SeededGenerator
    ) -> Condition {
        switch Int.random(in: 0..<10, using: &random) {
        case ..<5: .none
        case 5: .exists
        case 6: .absent
        case 7: .version(.random(in: 0...sequence + 1, using: &random))
        default: .version(version)
        }
    }

    static func mutate(_ calls: inout [Call], _ random: inout SeededGenerator) {
        let index = Int.random(in: calls.indices, using: &random)
        let values = calls.compactMap { call -> String? in
            if case .put(let value, _) = call.request { value } else { nil }
        }
        switch (calls[index].answer, Int.random(in: 0..<3, using: &random)) {
        case (_, 0):
            // Another time.
            let shift = Int64.random(in: -40...40, using: &random)
            calls[index].invoked += shift
            calls[index].completed = calls[index].completed.map { $0 + shift }
        case (.value, _), (.absent, _):
            // Another value, of a version that need not be its own.
            if let value = values.randomElement(using: &random), random.chance(80) {
                calls[index].answer = .value(value, version: .random(in: 1...6, using: &random))
            } else {
                calls[index].answer = .absent
            }
        case (.applied(let effect, let version, let command), _):
            let other: Answer.Effect =
                switch effect {
                case .created: .replaced
                case .replaced: .created
                case .deleted: .nothingToDelete
                case .nothingToDelete: .deleted
                }
            calls[index].answer =
                random.chance(60)
                ? .applied(other, version: version, command: command)
                : .rejected(current: random.chance(50) ? nil : .random(in: 1...6, using: &random), command: command)
        case (.rejected, _):
            if case .put = calls[index].request {
                calls[index].answer = .applied(random.chance(50) ? .created : .replaced, version: nil, command: nil)
            } else {
                calls[index].answer = .rejected(current: .random(in: 1...6, using: &random), command: nil)
            }
        case (.unknown, _), (.accepted, _), (.refused, _):
            // It was answered after all.
            calls[index].completed = calls[index].invoked + 30
            calls[index].answer = .accepted(command: nil)
        }
    }
}
