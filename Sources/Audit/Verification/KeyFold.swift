/// Folds steps into the states of keys in bounded memory: at once where they fit, else through files, a part of the keys at
/// a time.
struct KeyFold: Sendable {
    private var states: KeyStates
    private let spool: StepSpool?

    /// A key's state takes some 130 bytes in a dictionary that has just grown, and one with erased values some 90 more.
    private static let bytesOfState = 150
    private static let mostFiles: UInt64 = 200

    /// - Parameters:
    ///   - count: of the events that are to come, at most.
    ///   - memory: bytes.
    init(after start: UInt64, count: UInt64, memory: Int) throws {
        states = KeyStates(after: start)
        let parts = count / UInt64(max(1, memory / Self.bytesOfState)) + 1
        spool = parts > 1 ? try StepSpool(files: Int(min(parts, Self.mostFiles))) : nil
    }

    /// - Returns: as `KeyStates.apply`, when it is known at once.
    mutating func apply(_ step: KeyStep) throws -> UInt64? {
        guard let spool else { return states.apply(step) }
        try spool.add(step)
        return nil
    }

    /// - Parameters:
    ///   - erasures: that came after all steps.
    ///   - wrong: called with steps that `apply` could not judge, and what their previous version should have been.
    ///   - part: called with all states, a part at a time.
    mutating func finish(
        erasures: [KeyStep] = [], wrong: (KeyStep, UInt64) -> Void = { _, _ in }, part: (KeyStates) -> Void
    ) throws {
        var states = states
        func end() {
            for erasure in erasures { states.explain(erasure) }
            part(states)
        }
        guard let spool else { return end() }
        try spool.drain { step in
            if let expected = states.apply(step) { wrong(step, expected) }
        } end: {
            end()
            states.removeAll()
        }
    }
}
