import Access
import ArgumentParser
import EventLog

/// What the commands on access keys have in common.
struct KeysOptions: ParsableArguments {
    @OptionGroup var role: RoleOptions

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    /// Prints a key without its secret.
    func show(_ key: AccessKey) throws {
        switch output {
        case .json: try Terminal.print(json: KeyReport(key))
        case .text: try Terminal.print(KeyReport(key).line)
        }
    }

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
