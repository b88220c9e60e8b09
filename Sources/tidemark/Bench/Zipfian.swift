import Foundation

/// Ranks with a zipfian distribution, 0 the most popular (Gray et al., "Quickly Generating Billion-Record Synthetic
/// Databases", SIGMOD 1994), as YCSB's `ZipfianGenerator` computes them.
struct Zipfian: Sendable {
    /// YCSB's skew.
    static let theta = 0.99

    private(set) var items: UInt64
    private var zeta: Double
    private var eta: Double
    private static let alpha = 1 / (1 - theta)
    private static let zetaOfTwo = 1 + pow(0.5, theta)

    /// - Parameters:
    ///   - items: at least 1.
    ///   - zeta: the sum of 1/i^theta over the items, when it is known; else it is summed up, which takes some 20 ns an item.
    init(items: UInt64, zeta: Double? = nil) {
        self.items = items
        self.zeta = zeta ?? Self.zeta(from: 0, to: items, initial: 0)
        eta = 0
        updateEta()
    }

    /// Adds items without summing up the old ones again.
    mutating func grow(to count: UInt64) {
        guard count > items else { return }
        zeta = Self.zeta(from: items, to: count, initial: zeta)
        items = count
        updateEta()
    }

    /// - Parameter unit: from 0 to below 1.
    func rank(_ unit: Double) -> UInt64 {
        let scaled = unit * zeta
        if scaled < 1 || items == 1 { return 0 }
        if scaled < Self.zetaOfTwo { return 1 }
        return min(items - 1, UInt64(Double(items) * pow(eta * unit - eta + 1, Self.alpha)))
    }

    private mutating func updateEta() {
        eta = (1 - pow(2 / Double(items), 1 - Self.theta)) / (1 - Self.zetaOfTwo / zeta)
    }

    private static func zeta(from: UInt64, to: UInt64, initial: Double) -> Double {
        (from..<to).reduce(initial) { $0 + 1 / pow(Double($1 + 1), theta) }
    }
}
