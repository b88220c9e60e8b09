import ArgumentParser
import Checking
import Foundation
import History
import TidemarkClient

extension Scenario: ExpressibleByArgument {}

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Put a cluster to the test: record a workload, and judge what it answered.",
        discussion: """
            Several clients write and read at once, through all the gateways that are named, and every call is recorded with the \
            time it began and ended. Then everything that was acknowledged is followed up, and the record is judged:

              linearizability  each key answered as one register would
              applied reads    they never fall behind what was applied
              sessions         read your writes, monotonic reads and writes,
                               writes follow reads, through any gateway
              log              each acknowledged command is one event, each
                               event was asked for, order was kept
              lists            no append was lost, doubled or changed
              convergence      at rest all gateways say the same

            A write whose answer was lost may have happened or not: it is never guessed. Use it on a live cluster, with a name \
            for each gateway and servers dying as you like. It writes under a key prefix of its own and leaves it there.

            Exit status 0: everything is right. 1: a promise was broken; which, on which key, and the operations that show it \
            are printed. 5: nothing wrong was found, and something could not be judged.

            EXAMPLES
              tidemark check
              tidemark check --url http://one:8080 --url http://two:8080 --seconds 60
              tidemark check --workload compare-and-set --keys 1 --clients 20
              tidemark check --seconds 300 --history run.ndjson
              tidemark check --history run.ndjson --judge-only --output json
            """)

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Base URL of a gateway; once for each, or with commas between. Else TIDEMARK_URL, else "
                + "\(ClientOptions.defaultURL).", valueName: "url"))
    var url: [String] = []

    @Option(help: ArgumentHelp("How long to put load on it.", valueName: "s"))
    var seconds = 10.0

    @Option(help: ArgumentHelp("Concurrent clients, each with one call at a time.", valueName: "n"))
    var clients = 8

    @Option(help: ArgumentHelp("Keys of each workload; fewer keys meet more often.", valueName: "n"))
    var keys = 4

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Only this workload; may be given several times.", valueName: "workload"))
    var workload: [Scenario] = []

    @Option(help: ArgumentHelp("The same seed makes the same choices; else a new one.", valueName: "n"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("For everything acknowledged to be seen everywhere, after the load.", valueName: "s"))
    var settle = 30.0

    @Option(help: ArgumentHelp("Keep the record in this file; or the file to judge.", valueName: "file"))
    var history: String?

    @Flag(name: .customLong("judge-only"), help: "Judge the file named by --history; ask no server.")
    var judgeOnly = false

    @Option(
        help: ArgumentHelp("States of a key to search for an order that explains it, before giving up.", valueName: "n")
    )
    var budget = LinearizabilityJudge.defaultBudget

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    @Option(
        help: ArgumentHelp(
            "A file with the access token; else the environment variable TIDEMARK_TOKEN.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "A PEM file with the authorities to believe for https; else TIDEMARK_CA_FILE, else the system's.",
            valueName: "file"))
    var caFile: String?

    func validate() throws {
        if seconds <= 0 { throw ValidationError("--seconds is more than 0.") }
        if settle < 0 { throw ValidationError("--settle is at least 0.") }
        if !(1...1_000).contains(clients) { throw ValidationError("--clients takes 1 to 1000.") }
        if !(1...10_000).contains(keys) { throw ValidationError("--keys takes 1 to 10000.") }
        if budget < 1 { throw ValidationError("--budget is at least 1.") }
        if judgeOnly, history == nil { throw ValidationError("--judge-only needs --history and the file to judge.") }
        if judgeOnly, !url.isEmpty { throw ValidationError("--judge-only asks no server; leave --url out.") }
        _ = try endpoints()
    }

    /// As the other client commands read them.
    private func endpoints() throws -> ClientOptions {
        var arguments = url.isEmpty ? [] : ["--url", url.joined(separator: ",")]
        if let tokenFile { arguments += ["--token-file", tokenFile] }
        if let caFile { arguments += ["--ca-file", caFile] }
        do {
            return try ClientOptions.parse(arguments)
        } catch {
            throw ValidationError(ClientOptions.message(for: error))
        }
    }

    func run() async throws {
        do {
            let recording = judgeOnly ? try load() : try await record()
            let report = CheckReport(recording, Verdict(of: recording, budget: budget), file: history)
            switch output {
            case .text: try Terminal.print(report.text)
            case .json: try Terminal.print(json: report)
            }
            switch report.result {
            case .right: return
            case .wrong: throw ExitStatus.failed.code
            case .inconclusive: throw ExitStatus.inconclusive.code
            }
        } catch let error as CommandFailure {
            Terminal.note(error.text)
            throw error.status.code
        }
    }

    private func load() throws -> Recording {
        let file = history ?? ""
        do {
            return try Recording(ndjson: try Terminal.read(file, what: "the history"))
        } catch let error as HistoryFileError {
            throw CommandFailure(.wrongUsage, "\(file) is not a history: \(error).")
        } catch let error as CocoaError {
            throw CommandFailure(.wrongUsage, error.localizedDescription)
        }
    }

    private func record() async throws -> Recording {
        let configuration: TidemarkClient.Configuration
        do {
            configuration = try endpoints().configuration(ProcessInfo.processInfo.environment)
        } catch let error as CocoaError {
            throw CommandFailure(.wrongUsage, error.localizedDescription)
        }
        var plan = CheckPlan(urls: configuration.urls, seed: seed ?? .random(in: 0..<1_000_000))
        plan.bearerToken = configuration.bearerToken
        plan.authorities = configuration.authorities
        plan.clients = clients
        plan.keys = keys
        if !workload.isEmpty { plan.workloads = Scenario.allCases.filter(workload.contains) }
        plan.settleTimeout = .seconds(settle)
        let run = CheckRun(plan)
        let recording = try await CheckProgress.shown(of: run, seconds: seconds) {
            try await run.record { try await Task.sleep(for: .seconds(seconds)) }
        }
        if let history {
            do {
                try recording.ndjson().write(to: URL(filePath: history), options: .atomic)
            } catch let error as CocoaError {
                throw CommandFailure(.failed, "The history could not be kept: \(error.localizedDescription)")
            }
        }
        return recording
    }
}
