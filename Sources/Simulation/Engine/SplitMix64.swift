/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A generator of its own for one purpose, so that another purpose's draws don't shift it.
    mutating func split() -> SplitMix64 { SplitMix64(seed: next()) }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) * 0x1p-53 < probability
    }

    /// Between the two, more often near the lower one: latencies have a long tail.
    mutating func skewed(_ lower: Nanoseconds, _ upper: Nanoseconds) -> Nanoseconds {
        let unit = Double(next() >> 11) * 0x1p-53
        return lower + Nanoseconds(unit * unit * unit * Double(upper - lower))
    }

    mutating func between(_ lower: Nanoseconds, _ upper: Nanoseconds) -> Nanoseconds {
        lower + Nanoseconds(next() % UInt64(upper - lower + 1))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// Simulated time: since the simulation's epoch when it is a point, else a length.
package typealias Nanoseconds = Int64

extension Nanoseconds {
    static func microseconds(_ count: Int64) -> Nanoseconds { count * 1_000 }
    static func milliseconds(_ count: Int64) -> Nanoseconds { count * 1_000_000 }
    static func seconds(_ count: Int64) -> Nanoseconds { count * 1_000_000_000 }
}
