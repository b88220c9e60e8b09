import ArgumentParser

struct AutoscalerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "autoscaler",
        abstract: "Keep the number of gateways and projectors fit for the load.",
        subcommands: [AutoscalerSimulateCommand.self])
}
