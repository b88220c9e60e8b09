import ArgumentParser
import Foundation
import Retention
import TidemarkClient

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Write many values from a file, and end when all of them are applied.",
        discussion: """
            A line of the file is {"key":..., "value":... or "value_base64":..., "content_type":...}; `tidemark export` \
            prints the same. Writes are asynchronous and go out in batches; lines of one key are written in the file's order.

            An import that was interrupted goes on where it stopped when the same command is given again: how far it is \
            stands in FILE.tidemark-import. Each line is written once: importing the same file again within 24 hours adds no \
            event. That also holds for a value that something else has overwritten since; --rewrite writes every line.

            --history takes a file of `tidemark export --history`, and brings it straight into an empty database: positions, \
            versions, times, authors and command ids are what they were, and so are the cluster's id and secret. No gateway \
            and no projector may run on the database meanwhile; an interrupted run is continued by the next.

            EXAMPLES
              tidemark import packages.ndjson
              tidemark import --history store.ndjson.gz --database-url postgresql://new/tidemark
              examples/debian-packages | tidemark import -
              tidemark import packages.ndjson --url http://one:8080,http://two:8080
            """)

    @Argument(help: "The file; - is standard input, which can't be continued after an interruption.")
    var file: String

    @Option(help: ArgumentHelp("Requests under way at a time.", valueName: "n"))
    var inFlight = 4

    @Option(help: ArgumentHelp("Records in a request, 1 to 1,000.", valueName: "n"))
    var batchRecords = 200

    @Option(help: ArgumentHelp("KiB of values in a request.", valueName: "kib"))
    var batchKib = 512

    @Flag(help: "Go on after lines that can't be read or are refused; the exit status is 1 then.")
    var keepGoing = false

    @Flag(help: "Write every line, also those that were imported before.")
    var rewrite = false

    @Option(help: ArgumentHelp("Where to keep how far the import is.", valueName: "file"))
    var state: String?

    @Option(help: ArgumentHelp("Seconds to wait, at the end, until everything is applied.", valueName: "s"))
    var applyTimeout = 600

    @Flag(help: "The file is a whole history; it goes into an empty database.")
    var history = false

    @OptionGroup var client: ClientOptions
    @OptionGroup var role: RoleOptions

    func validate() throws {
        if history, file == "-" { throw ValidationError("--history reads its file twice: name one.") }
        if !(1...256).contains(inFlight) { throw ValidationError("--in-flight takes 1 to 256.") }
        if !(1...1_000).contains(batchRecords) { throw ValidationError("--batch-records takes 1 to 1000.") }
        if !(1...65_536).contains(batchKib) { throw ValidationError("--batch-kib takes 1 to 65536.") }
        if applyTimeout < 0 { throw ValidationError("--apply-timeout takes seconds, at least 0.") }
        if file == "-", state != nil {
            throw ValidationError("Standard input can't be continued: --state needs a file.")
        }
    }

    func run() async throws {
        if history { return try await importHistory() }
        let options = ImportRun.Options(
            file: file, statePath: file == "-" ? nil : state ?? "\(file).tidemark-import", lanes: inFlight,
            limits: ImportLane.Limits(operations: batchRecords, bytes: batchKib << 10), keepsGoing: keepGoing,
            rewrites: rewrite, applyTimeout: .seconds(applyTimeout))
        // Longer than for a single call: an import should outlive the restart of a broker.
        let retry = RetryPolicy(attempts: 20, firstPause: .milliseconds(100), longestPause: .seconds(5))
        try await client.run(sessionless: true, retry: retry) { tidemark, _ in
            let isTerminal = isatty(STDERR_FILENO) == 1
            var run = try await ImportRun(options, client: tidemark, retry: retry, isTerminal: isTerminal)
            let summary = try await run.run()
            switch client.output {
            case .json: try Terminal.print(json: summary)
            case .text: try Terminal.print(summary.text)
            }
            if summary.failed > 0 {
                throw CommandFailure(.failed, "\(Figures.count(summary.failed)) lines were refused; see above.")
            }
        }
    }

    private func importHistory() async throws {
        let settings = try await role.settings()
        try await settings.runningTool {
            let isTerminal = isatty(STDERR_FILENO) == 1
            var told: UInt64 = 0
            let events = try await HistoryImport(URL(filePath: file), database: settings.retentionDatabase()).run {
                count in
                guard isTerminal, count - told >= 50_000 else { return }
                told = count
                Terminal.note("\(Figures.count(Int(count))) events")
            }
            switch client.output {
            case .json: try Terminal.print(json: ["events": events])
            case .text:
                try Terminal.print("\(Figures.count(Int(events))) events; every tree is the one that was exported")
            }
        }
    }
}
