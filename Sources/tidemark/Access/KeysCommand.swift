import ArgumentParser

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and revoke access keys.",
        discussion: """
            Works on the database itself, as the roles do: give its URL by TIDEMARK_DATABASE_URL or --config. Gateways with
            --access on know of a change within two seconds.
            """,
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self])
}
