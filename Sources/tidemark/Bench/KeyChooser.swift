import SplitMix

/// Which record an operation takes.
struct KeyChooser: Sendable {
    enum Distribution: String, Sendable, CaseIterable {
        /// A few records get most of the load; they lie scattered among all.
        case zipfian
        case uniform
        /// Zipfian, the newest record the most popular.
        case latest
    }

    /// YCSB's `ScrambledZipfianGenerator` draws from so many ranks, whatever the number of records, with this constant for their zeta.
    static let scrambledItems: UInt64 = 10_000_000_000
    static let scrambledZeta = 26.46902820178302

    private let distribution: Distribution
    private var zipfian: Zipfian

    init(_ distribution: Distribution, records: UInt64) {
        self.distribution = distribution
        zipfian =
            switch distribution {
            case .zipfian: Zipfian(items: Self.scrambledItems, zeta: Self.scrambledZeta)
            case .uniform: Zipfian(items: 1)
            case .latest: Zipfian(items: max(1, records))
            }
    }

    /// - Parameters:
    ///   - records: how many there are now.
    /// - Returns: the number of a record, below `records`.
    mutating func next(records: UInt64, _ random: inout SplitMix64) -> UInt64 {
        switch distribution {
        case .uniform: return random.next() % records
        case .zipfian: return Self.scramble(zipfian.rank(random.unit())) % records
        case .latest:
            zipfian.grow(to: records)
            return records - 1 - min(records - 1, zipfian.rank(random.unit()))
        }
    }

    /// YCSB's `Utils.hash`: FNV-1a over the eight bytes, the lowest first, made positive.
    static func scramble(_ number: UInt64) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
            hash = (hash ^ (number >> shift & 0xff)) &* 1_099_511_628_211
        }
        return Int64(bitPattern: hash).magnitude
    }

    /// YCSB names records by the hash of their number, so that neighbours in time are none in key order.
    static func key(_ record: UInt64, prefix: String) -> String { "\(prefix)\(scramble(record))" }
}
