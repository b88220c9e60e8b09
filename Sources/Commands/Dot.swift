/// One run of one gateway: a random 64-bit number.
package struct Origin: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let id: UInt64

    package init(_ id: UInt64) { self.id = id }
    package static func random() -> Origin { Origin(.random(in: .min ... .max)) }

    /// As the SQL type INT8 holds it.
    package init(bitPattern: Int64) { id = UInt64(bitPattern: bitPattern) }
    package var bitPattern: Int64 { Int64(bitPattern: id) }

    package static func < (a: Origin, b: Origin) -> Bool { a.id < b.id }

    /// Sixteen hexadecimal digits.
    package var description: String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The n-th command that an origin sent to a partition; n counts from 1.
package struct Dot: Hashable, Sendable {
    package var origin: Origin
    package var n: UInt64

    package init(origin: Origin, n: UInt64) {
        self.origin = origin
        self.n = n
    }
}

/// What a partition has applied: its sequence, and of each origin the highest n.
package struct VersionVector: Equatable, Sendable {
    package var sequence: UInt64
    package var applied: [Origin: UInt64]

    package init(sequence: UInt64 = 0, applied: [Origin: UInt64] = [:]) {
        self.sequence = sequence
        self.applied = applied
    }

    package func covers(_ dot: Dot) -> Bool { (applied[dot.origin] ?? 0) >= dot.n }
}
