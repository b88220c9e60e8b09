import ArgumentParser
import EventLog

/// What the commands on access keys have in common.
struct KeysOptions: ParsableArguments {
    @OptionGroup var role: RoleOptions

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    /// Runs `body` on the keys of the cluster, whose schema is brought up to date before.
    func run(_ body: (PostgresAccessKeyStore) async throws -> Void) async throws {
        let settings = try await role.settings()
        if role.printConfig { return print(settings.masked) }
        try await settings.reporting {
            _ = try await settings.migrate(application: "tidemark-keys") { _ in }
            let store = PostgresAccessKeyStore(settings.postgres(application: "tidemark-keys"))
            do {
                try await body(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}
