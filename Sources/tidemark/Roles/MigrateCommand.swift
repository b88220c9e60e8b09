import ArgumentParser
import Commands
import EventLog
import Logging

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Create or update the database schema, and the cluster if there is none yet.",
        discussion: "Safe to run again, and by several at once.")

    @OptionGroup var role: RoleOptions

    @Option(help: ArgumentHelp(Setting.partitions.help, valueName: "count"))
    var partitions: Int?

    func run() async throws {
        let settings = try await role.settings([.partitions: partitions.map(String.init)])
        if role.printConfig { return print(settings.masked) }
        try settings.bootstrapLogging()
        let cluster = try await settings.migrate(application: "tidemark-migrate") { print($0) }
        print("cluster \(cluster.id) with \(cluster.partitioner.count) partitions is ready")
    }
}
