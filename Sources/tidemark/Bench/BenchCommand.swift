import ArgumentParser
import Foundation
import SplitMix
import Synchronization
import TidemarkClient

extension Workload.Name: ExpressibleByArgument {}
extension KeyChooser.Distribution: ExpressibleByArgument {}

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Put load on a server: YCSB's core workloads.",
        discussion: """
            Writes the records (unless --no-load), then runs the workload and prints counts, rates and latencies.

              a  50% read, 50% update
              b  95% read, 5% update
              c  read only
              d  95% read, 5% insert; the newest records are read most
              e  95% scan of 1 to 100 records, 5% insert
              f  50% read, 50% read-modify-write

            Records are chosen with a zipfian distribution (0.99, scattered) unless --distribution says otherwise. With --rate, \
            operations have a time at which they are due, and latencies count from it, so that a stall is seen in \
            full; without it, each client sends when its last answer has come. Failed operations are counted and not tried again.

            EXAMPLES
              tidemark bench a
              tidemark bench b --records 100000 --duration 60 --clients 64 --rate 5000
              tidemark bench c --no-load --distribution uniform --output json
              tidemark bench a --consistency session --url http://one:8080,http://two:8080
            """)

    @Argument(help: "The workload.")
    var workload: Workload.Name = .a

    @Option(help: ArgumentHelp("Records that are loaded and worked on.", valueName: "n"))
    var records: UInt64 = 10_000

    @Option(help: ArgumentHelp("Operations in all; without it --duration counts.", valueName: "n"))
    var operations: Int?

    @Option(help: ArgumentHelp("Seconds.", valueName: "s"))
    var duration = 10.0

    @Option(help: ArgumentHelp("Concurrent clients, each with one request at a time.", valueName: "n"))
    var clients = 64

    @Option(help: ArgumentHelp("Operations a second in all; without it as many as it goes.", valueName: "n"))
    var rate: Double?

    @Option(help: ArgumentHelp("Bytes in a value.", valueName: "bytes"))
    var valueSize = 200

    @Option(help: "How records are chosen; without it as the workload says.")
    var distribution: KeyChooser.Distribution?

    @Option(help: "How fresh reads must be; session gives each client a session.")
    var consistency: Consistency?

    @Option(help: "What all keys start with.")
    var prefix = "bench/user"

    @Option(help: ArgumentHelp("The same seed gives the same load.", valueName: "n"))
    var seed: UInt64 = 1

    @Flag(name: .customLong("no-load"), help: "The records are there already.")
    var noLoad = false

    @OptionGroup var wait: WaitOption
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if records < 1 { throw ValidationError("--records is at least 1.") }
        if let operations, operations < 1 { throw ValidationError("--operations is at least 1.") }
        if duration <= 0 { throw ValidationError("--duration is more than 0 seconds.") }
        if !(1...10_000).contains(clients) { throw ValidationError("--clients takes 1 to 10000.") }
        if let rate, rate <= 0 { throw ValidationError("--rate is more than 0.") }
        if valueSize < 0 { throw ValidationError("--value-size is at least 0.") }
    }

    func run() async throws {
        try await client.run(sessionless: true, retry: .never, maximumConnections: clients) { tidemark, _ in
            var reports: [BenchReport] = []
            if !noLoad { reports.append(try await load(tidemark)) }
            reports.append(try await work(tidemark))
            for report in reports where client.output == .json { try Terminal.print(json: report) }
        }
    }

    private func load(_ tidemark: TidemarkClient) async throws -> BenchReport {
        let inserts = InsertCounter(records: 0)
        let left = Atomic(Int(records))
        let chooser = KeyChooser(.uniform, records: 1)
        let bench = Bench(tidemark, plan(rate: nil), clients: clients, chooser: chooser, inserts)
        return try await finish("load", bench) { _ in
            left.subtract(1, ordering: .relaxed).oldValue > 0 ? .insert : nil
        }
    }

    private func work(_ tidemark: TidemarkClient) async throws -> BenchReport {
        let workload = Workload(workload)
        let chooser = KeyChooser(distribution ?? workload.distribution, records: records)
        let bench = Bench(
            tidemark, plan(rate: rate), clients: clients, chooser: chooser, InsertCounter(records: records))
        let left = Atomic(operations ?? .max)
        let deadline = operations == nil ? ContinuousClock.now + .seconds(duration) : nil
        return try await finish("workload \(self.workload.rawValue)", bench) { random in
            if let deadline, ContinuousClock.now >= deadline { return nil }
            guard left.subtract(1, ordering: .relaxed).oldValue > 0 else { return nil }
            return workload.operation(random.unit())
        }
    }

    private func plan(rate: Double?) -> BenchClient.Plan {
        BenchClient.Plan(
            prefix: prefix, valueBytes: valueSize, consistency: consistency, wait: wait.duration,
            interval: rate.map { .seconds(Double(clients) / $0) }, seed: seed)
    }

    private func finish(
        _ phase: String, _ bench: Bench, _ next: @escaping @Sendable (inout SplitMix64) -> Workload.Operation?
    ) async throws -> BenchReport {
        let report = await bench.run(phase, next)
        if client.output == .text { try Terminal.print(report.text) }
        if report.rows.allSatisfy({ $0.count == 0 }) {
            throw CommandFailure(
                .failed, "Not one operation succeeded: \(report.firstError ?? "there were none").",
                hint: CommandFailure.serverHint)
        }
        return report
    }
}
