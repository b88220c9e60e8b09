/// The four session guarantees (Terry et al., "Session guarantees for weakly consistent replicated data", PDIS 1994), for
/// each session and key. Versions tell the order of a key's states; the log tells when the key was absent.
struct SessionJudge {
    /// What a session has come to know of a key.
    private struct Knowledge {
        /// The least state that it may be shown.
        var floor: UInt64 = 0
        var call: Int?
        /// The last events of its own writes, and of what it has read.
        var written: (version: UInt64, call: Int)?
        var read: (version: UInt64, call: Int)?

        mutating func raise(to version: UInt64, by index: Int) {
            if version > floor { (floor, call) = (version, index) }
        }
    }

    func judge(_ keys: [KeyHistory]) -> Judgement {
        var judgement = Judgement("sessions", unit: "operations")
        for key in keys {
            let states = key.states
            var knowledge: [Int: Knowledge] = [:]
            for (index, call) in key.calls.enumerated() {
                guard let session = call.session else { continue }
                var known = knowledge[session] ?? Knowledge()
                if call.isWrite {
                    wrote(index, key, states, &known, &judgement)
                } else {
                    read(index, key, states, &known, &judgement)
                }
                knowledge[session] = known
            }
        }
        return judgement
    }

    private func read(
        _ index: Int, _ key: KeyHistory, _ states: KeyStates, _ known: inout Knowledge, _ judgement: inout Judgement
    ) {
        let call = key.calls[index]
        let isBound = call.request == .get(.session) || call.request == .get(.linearizable)
        var shown: UInt64?
        switch call.answer {
        case .value(_, let version):
            shown = version
            if isBound, version < states.inForce(at: known.floor) {
                judgement.violations.append(broken(call, known, key, showed: "version \(version)"))
            }
        case .absent where key.isLogComplete:
            shown = states.firstAbsence(from: isBound ? known.floor : 0)
            if isBound, shown == nil { judgement.violations.append(broken(call, known, key, showed: "no value")) }
        case .absent:
            if isBound {
                judgement.open.append("#\(call.id) shows that \(key.key) is absent, and its log was not read")
            }
            return
        default: return
        }
        if isBound { judgement.judged += 1 }
        guard let shown else { return }
        known.raise(to: shown, by: index)
        if shown > known.read?.version ?? 0 { known.read = (shown, index) }
    }

    private func broken(_ call: Call, _ known: Knowledge, _ key: KeyHistory, showed: String) -> Violation {
        let other = known.call.map { key.calls[$0] }
        let isOwn = other?.isWrite ?? false
        return Violation(
            isOwn ? .readYourWrites : .monotonicReads, key: key.key,
            "Session \(call.session ?? 0) had \(isOwn ? "written" : "read") version \(known.floor) of the key, and was "
                + "then shown \(showed).",
            calls: [other, call].compactMap { $0 })
    }

    /// Only of acknowledged writes the session knows that they are behind it.
    private func wrote(
        _ index: Int, _ key: KeyHistory, _ states: KeyStates, _ known: inout Knowledge, _ judgement: inout Judgement
    ) {
        let call = key.calls[index]
        switch call.answer {
        case .rejected(let current?, _): known.raise(to: current, by: index)
        case .accepted, .applied, .rejected(nil, _): break
        case .value, .absent, .refused, .unknown: return
        }
        guard let version = key.version(ofCall: index) else { return }
        judgement.judged += 1
        if let written = known.written, version < written.version {
            judgement.violations.append(
                Violation(
                    .monotonicWrites, key: key.key,
                    "Two writes of session \(call.session ?? 0), one after the other, have versions "
                        + "\(written.version) and \(version).",
                    calls: [key.calls[written.call], call]))
        }
        if let read = known.read, version < read.version {
            judgement.violations.append(
                Violation(
                    .writesFollowReads, key: key.key,
                    "Session \(call.session ?? 0) wrote after it had read version \(read.version), and the write has "
                        + "version \(version).",
                    calls: [key.calls[read.call], call]))
        }
        if known.written.map({ version > $0.version }) ?? true { known.written = (version, index) }
        known.raise(to: states.inForce(at: version), by: index)
        if key.wasApplied(index) == true { known.raise(to: version, by: index) }
    }
}
