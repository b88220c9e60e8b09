import ArgumentParser

struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Look at commands that could not be applied, and decide about them.",
        discussion: """
            A command that fails by itself every time is set aside with its cause, so that the others go on. It waits here \
            until it is tried again or dropped. With projector.quarantine: hold, later commands of its key wait behind it.

            Messages that are no commands at all are not here: they are in the broker's queue whose name ends in "dead".
            """,
        subcommands: [
            DeadListCommand.self, DeadShowCommand.self, DeadRetryCommand.self, DeadDropCommand.self,
        ])
}
