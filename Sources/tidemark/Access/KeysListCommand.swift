import ArgumentParser
import EventLog

struct KeysListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List access keys, without their secrets.",
        discussion: """
            A line has the id, the name, the verbs, the prefixes, the rate and how long it is good for, with tabs between. \
            Revoked keys are listed too.
            """)

    @OptionGroup var keys: KeysOptions

    func run() async throws {
        try await keys.run { store in
            for key in try await store.all() { try keys.show(key) }
        }
    }
}
