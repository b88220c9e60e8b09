import ArgumentParser
import EventLog
import Foundation
import Logging
import Retention
import TidemarkClient

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print keys with their values, one JSON document a line, as `tidemark import` reads them.",
        discussion: """
            Pages are read one after the other: writes that happen meanwhile may or may not be in them.

            --history writes everything instead, from the database: each event of each partition with its value, and the trees at \
            the end, to a gzip file of JSON lines that `tidemark import --history` brings into an empty database. The file also \
            holds the cluster's secret: keep it as you keep the database.

            EXAMPLES
              tidemark export > all.ndjson
              tidemark export --history store.ndjson.gz --database-url postgresql://db/tidemark
              tidemark export --prefix photos/ | tidemark import - --url http://two:8080
            """)

    @Option(help: "Only keys that start with this.")
    var prefix: String = ""

    @Option(help: "How fresh the answer must be.")
    var consistency: Consistency?

    @Option(help: ArgumentHelp("Write the whole history to this file, from the database.", valueName: "file"))
    var history: String?

    @Option(help: ArgumentHelp(Setting.archiveDirectory.help, valueName: "directory"))
    var archive: String?

    @OptionGroup var wait: ReadWaitOption
    @OptionGroup var client: ClientOptions
    @OptionGroup var role: RoleOptions

    func validate() throws {
        if history != nil, !prefix.isEmpty { throw ValidationError("--history is everything: leave --prefix out.") }
    }

    func run() async throws {
        if let history { return try await export(to: history) }
        try await client.run { tidemark, session in
            var next: String?
            repeat {
                let page = try await tidemark.list(
                    prefix: prefix, after: next, limit: 200, values: true, consistency: consistency,
                    wait: wait.duration, in: session)
                for item in page.items {
                    guard let value = item.value else {
                        throw CommandFailure(.failed, "The server sent the key \"\(item.key)\" without its value.")
                    }
                    try Terminal.print(json: ImportRecord(key: item.key, value: value, contentType: item.contentType))
                }
                next = page.next
            } while next != nil
        }
    }

    private func export(to file: String) async throws {
        let settings = try await role.settings([.archiveDirectory: archive])
        try await settings.runningTool {
            let database = settings.retentionDatabase()
            let cluster = try await ClusterDescription.load(database)
            let store = PostgresRetentionStore(database)
            let reader = settings.archive(cluster).map {
                ArchiveReader(store: store, archive: $0, logger: Logger(label: "tidemark.export"))
            }
            let isTerminal = isatty(STDERR_FILENO) == 1
            var told: UInt64 = 0
            let events = try await HistoryExport(store: store, cluster: cluster, archive: reader).run(
                to: URL(filePath: file)
            ) { count in
                guard isTerminal, count - told >= 50_000 else { return }
                told = count
                Terminal.note("\(Figures.count(Int(count))) events")
            }
            await store.close()
            switch client.output {
            case .json: try Terminal.print(json: ["events": events])
            case .text: try Terminal.print("\(Figures.count(Int(events))) events")
            }
        }
    }
}
