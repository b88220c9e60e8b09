import Foundation
import SplitMix
import Testing

@testable import tidemark

@Suite struct BenchTests {
    @Test("The zeta that YCSB publishes for ten billion items continues a sum that we make ourselves")
    func zeta() {
        // The sum from n+1 to N of x^-theta lies between the integral's two neighbours; at n = 1,000,000 they differ by 1e-6.
        let count: UInt64 = 1_000_000
        let head = (1...count).reduce(0.0) { $0 + 1 / pow(Double($1), Zipfian.theta) }
        let exponent = 1 - Zipfian.theta
        let tail = (pow(1e10 + 0.5, exponent) - pow(Double(count) + 0.5, exponent)) / exponent
        #expect(abs(head + tail - KeyChooser.scrambledZeta) < 1e-4)
    }

    @Test("Ranks come as often as the distribution says", arguments: [1, 2, 3] as [UInt64])
    func ranks(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let items: UInt64 = 1_000
        let zipfian = Zipfian(items: items)
        let draws = 400_000
        var counts = [Int](repeating: 0, count: Int(items))
        for _ in 0..<draws { counts[Int(zipfian.rank(random.unit()))] += 1 }
        let zeta = (1...items).reduce(0.0) { $0 + 1 / pow(Double($1), Zipfian.theta) }
        // The first two ranks are exact by construction; the rest is Gray's approximation.
        for rank in 0..<2 {
            let expected = Double(draws) / pow(Double(rank + 1), Zipfian.theta) / zeta
            #expect(abs(Double(counts[rank]) - expected) < 5 * expected.squareRoot(), "seed \(seed), rank \(rank)")
        }
        let hundred = Double(counts.prefix(100).reduce(0, +)) / Double(draws)
        let expected = (1...100).reduce(0.0) { $0 + 1 / pow(Double($1), Zipfian.theta) } / zeta
        #expect(abs(hundred - expected) < 0.03, "seed \(seed)")
    }

    @Test("Growing equals starting large")
    func growing() {
        var grown = Zipfian(items: 10)
        grown.grow(to: 5_000)
        let fresh = Zipfian(items: 5_000)
        for step in 0..<1_000 { #expect(grown.rank(Double(step) / 1_000) == fresh.rank(Double(step) / 1_000)) }
    }

    @Test("Every rank is below the number of items", arguments: [1, 2, 3, 10, 1_000] as [UInt64])
    func range(items: UInt64) {
        let zipfian = Zipfian(items: items)
        for unit in [0, 0.5, 0.999999, 1 - 0x1p-53] { #expect(zipfian.rank(unit) < items) }
    }

    @Test("Scrambling is YCSB's hash: FNV-1a over eight bytes, made positive")
    func scramble() {
        // fnvhash64(0) and (1) of YCSB: the record names user6284781860667377211 and user8517097267634966620.
        #expect(KeyChooser.key(0, prefix: "user") == "user6284781860667377211")
        #expect(KeyChooser.key(1, prefix: "user") == "user8517097267634966620")
    }

    @Test(
        "A scattered zipfian has one record with 1/26 of the load, and the uniform one has none",
        arguments: [1, 2] as [UInt64])
    func distributions(seed: UInt64) {
        func top(_ distribution: KeyChooser.Distribution) -> (share: Double, record: Int) {
            var random = SplitMix64(seed: seed)
            var chooser = KeyChooser(distribution, records: 1_000)
            var counts = [Int](repeating: 0, count: 1_000)
            for _ in 0..<100_000 { counts[Int(chooser.next(records: 1_000, &random))] += 1 }
            let record = counts.indices.max { counts[$0] < counts[$1] } ?? 0
            return (Double(counts[record]) / 100_000, record)
        }
        let zipfian = top(.zipfian)
        #expect(abs(zipfian.share - 1 / KeyChooser.scrambledZeta) < 0.006, "seed \(seed): \(zipfian)")
        #expect(top(.uniform).share < 0.003, "seed \(seed)")
        #expect(top(.latest).record == 999, "seed \(seed)")
    }

    @Test("Workloads have YCSB's shares", arguments: Workload.Name.allCases)
    func shares(name: Workload.Name) {
        let workload = Workload(name)
        #expect(abs(workload.shares.reduce(0) { $0 + $1.proportion } - 1) < 1e-9)
        var random = SplitMix64(seed: 7)
        let drawn = (0..<20_000).reduce(into: [Workload.Operation: Int]()) { counts, _ in
            counts[workload.operation(random.unit()), default: 0] += 1
        }
        for share in workload.shares {
            #expect(abs(Double(drawn[share.operation] ?? 0) / 20_000 - share.proportion) < 0.02)
        }
        #expect(workload.operation(1 - 0x1p-53) == workload.shares.last?.operation)
    }

    @Test("Records are read only once all before them are written")
    func inserts() {
        let counter = InsertCounter(records: 10)
        let numbers = (0..<3).map { _ in counter.next() }
        #expect(numbers == [10, 11, 12])
        counter.end(12)
        counter.end(11)
        #expect(counter.written == 10)
        counter.end(10)
        #expect(counter.written == 13)
    }

    @Test("A report has percentiles, and its table is aligned")
    func report() {
        var record = LatencyRecord()
        for microseconds in 1...1_000 { record.record(.microseconds(microseconds)) }
        record.errors = 2
        let report = BenchReport(phase: "workload c", seconds: 2, records: [("read", record)])
        let row = report.rows[0]
        #expect(row.count == 1_000 && row.errors == 2 && row.perSecond == 500)
        #expect((499...501).contains(row.p50) && (989...991).contains(row.p99) && (1_000...1_001).contains(row.max))
        let lines = report.text.split(separator: "\n")
        #expect(lines.count == 3 && lines[1].count == lines[2].count)
    }

    @Test("Figures read well", arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
    func figures(number: Int, expected: String) { #expect(Figures.count(number) == expected) }

    @Test("Times read well", arguments: [(0.2, "0:01"), (61.0, "1:01"), (3_600.0, "1:00:00"), (3_725.0, "1:02:05")])
    func times(seconds: Double, expected: String) { #expect(Figures.time(seconds) == expected) }
}
