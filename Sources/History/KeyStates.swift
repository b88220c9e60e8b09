/// The states that a key goes through, in the order of its log: absent at version 0, then another one after each event that
/// is not a refusal.
struct KeyStates {
    /// Ascending.
    private let versions: [UInt64]
    private let isAbsent: [Bool]

    init(_ events: [Record.LoggedEvent]) {
        let changes = events.filter { $0.kind != .rejected }.sorted { $0.version < $1.version }
        versions = [0] + changes.map(\.version)
        isAbsent = [true] + changes.map { $0.kind != .put }
    }

    /// The version of the state that was in force when the event of this version was written.
    func inForce(at version: UInt64) -> UInt64 { versions[index(version)] }

    /// The first state at or after the one in force at `version` in which the key had no value.
    func firstAbsence(from version: UInt64) -> UInt64? {
        (index(version)..<versions.count).first { isAbsent[$0] }.map { versions[$0] }
    }

    /// Of the last state whose version is at most `version`.
    private func index(_ version: UInt64) -> Int {
        var (low, high) = (0, versions.count)
        while low < high {
            let middle = (low + high) / 2
            if versions[middle] <= version { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }
}
