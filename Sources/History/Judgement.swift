/// What one judge found.
package struct Judgement: Sendable, Equatable, Encodable {
    /// For people: `linearizability`.
    package var judge: String
    /// How many facts were judged; 0 proves nothing.
    package var judged = 0
    /// What they were: `operations`.
    package var unit: String
    package var violations: [Violation] = []
    /// What could not be judged, and why.
    package var open: [String] = []

    package init(_ judge: String, unit: String) {
        self.judge = judge
        self.unit = unit
    }

    package mutating func add(_ other: Judgement) {
        judged += other.judged
        violations += other.violations
        open += other.open
    }
}
