/// A register with versions and preconditions: what a key does, one call at a time.
///
/// A state is the value in force, which, since values are written once, names the write. What version a value has is taken
/// from everything in the recording that says so.
struct RegisterModel {
    typealias State = Int32

    static let absent: State = 0
    /// Some value that nobody ever read, of a version that nobody knows: which one makes no difference to anyone.
    static let unseen: State = -1
    /// Some value that nobody ever read, of a known version that no answer or precondition names.
    static let unnamed: State = -2

    /// A write's effect, with what its answer says about the state that it met.
    enum Step: Hashable {
        case readValue(State)
        case readAbsent
        case put(State, Condition, Met)
        case delete(Condition, Met)
        /// A precondition that failed, and the version that it met; `nil` for absence.
        case rejected(Condition, current: UInt64?)
        /// A precondition that failed, nobody knows on what.
        case notHeld(Condition)
    }

    enum Met: Hashable {
        /// The answer does not say whether the precondition held.
        case unknown
        /// It held.
        case held
        /// It held, and there was a value.
        case value
        /// It held, and there was none.
        case nothing
    }

    /// Of each value that has one known.
    private let versions: [State: UInt64]
    private let valueOfVersion: [UInt64: State]

    init(versions: [State: UInt64]) {
        self.versions = versions
        valueOfVersion = Dictionary(versions.map { ($1, $0) }) { first, _ in first }
    }

    func knowsVersion(of value: State) -> Bool { versions[value] != nil }

    /// The states that `step` may lead to; none when it contradicts its answer.
    func next(_ state: State, _ step: Step) -> [State] {
        switch step {
        case .readValue(let value): return state == value ? [state] : []
        case .readAbsent: return state == Self.absent ? [state] : []
        case .put(let value, let condition, let met): return write(state, to: value, condition, met)
        case .delete(let condition, let met): return write(state, to: Self.absent, condition, met)
        case .rejected(let condition, nil):
            return state == Self.absent && holds(condition, state) != true ? [state] : []
        case .rejected(let condition, let version?):
            return state != Self.absent && holds(condition, state) != true && hasVersion(version, state) != false
                ? [state] : []
        case .notHeld(let condition): return holds(condition, state) == true ? [] : [state]
        }
    }

    private func write(_ state: State, to new: State, _ condition: Condition, _ met: Met) -> [State] {
        let holds = holds(condition, state)
        switch met {
        case .unknown:
            guard let holds else { return [new, state] }
            return [holds ? new : state]
        case .held: return holds == false ? [] : [new]
        case .value: return holds == false || state == Self.absent ? [] : [new]
        case .nothing: return holds == false || state != Self.absent ? [] : [new]
        }
    }

    /// `nil`: the recording does not tell.
    private func holds(_ condition: Condition, _ state: State) -> Bool? {
        switch condition {
        case .none: true
        case .exists: state != Self.absent
        case .absent: state == Self.absent
        case .version(let version): hasVersion(version, state)
        }
    }

    private func hasVersion(_ version: UInt64, _ state: State) -> Bool? {
        if state == Self.absent || state == Self.unnamed { return false }
        if let known = versions[state] { return known == version }
        return valueOfVersion[version] == nil ? nil : false
    }
}

extension RegisterModel.Step {
    /// Whether it leads to another state from any state at all.
    var canChange: Bool {
        switch self {
        case .put: true
        case .delete(_, let met): met != .nothing
        case .readValue, .readAbsent, .rejected, .notHeld: false
        }
    }
}
