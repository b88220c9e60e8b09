import ArgumentParser

@main
struct Tidemark: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "tidemark",
        abstract: "A key-value store whose every write is an event.",
        discussion: """
            To try it: `tidemark dev` starts everything on this machine and prints the URL; then
            `tidemark put colour blue` and `tidemark get colour`.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Run:",
                subcommands: [
                    DevCommand.self, GatewayCommand.self, ProjectorCommand.self, AutoscalerCommand.self,
                    MigrateCommand.self, ProbeCommand.self, KeysCommand.self,
                ]),
            CommandGroup(
                name: "Use:",
                subcommands: [
                    PutCommand.self, GetCommand.self, DeleteCommand.self, ListCommand.self, HistoryCommand.self,
                    WatchCommand.self, StatusCommand.self, BatchCommand.self, ImportCommand.self, ExportCommand.self,
                    UndeleteCommand.self,
                ]),
            CommandGroup(name: "Operate:", subcommands: [RebuildCommand.self, DeadCommand.self, EraseCommand.self]),
            CommandGroup(
                name: "Measure and check:",
                subcommands: [BenchCommand.self, CheckCommand.self, AuditCommand.self, ReplayCommand.self]),
        ])

    static func main() async { await runAsTool() }
}
