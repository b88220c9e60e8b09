import ArgumentParser
import Commands
import Foundation
import SplitMix

/// The writes that the log benchmarks apply: the same options give the same keys in the same order.
struct Load: ParsableArguments {
    static let valueBytes = 200

    @Option(help: "How many events.")
    var events = 150_000

    @Option(help: "How many keys.")
    var keys = 100_000

    @Option(help: "Seed of the keys' order.")
    var seed: UInt64 = 1

    @Flag(help: "A key of its own for each event.")
    var distinct = false

    func validate() throws {
        guard events > 0 && keys > 0 else { throw ValidationError("--events and --keys take 1 or more.") }
    }

    /// The key of each event.
    func sequence() -> [Key] {
        var random = SplitMix64(seed: seed)
        let names = (0..<(distinct ? events : keys)).map { Key(trusted: "bench/\($0)") }
        if distinct { return names.shuffled(using: &random) }
        let zipfian = ZipfianKeys(count: keys)
        return (0..<events).map { _ in names[zipfian.next(&random)] }
    }

    /// No two alike, so that nothing is saved by compression.
    static func value(_ number: Int) -> [UInt8] {
        var random = SplitMix64(seed: UInt64(number))
        return (0..<valueBytes / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }
}
