import ArgumentParser
import Commands
import EventLog

struct KeysRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke access keys, for good.",
        discussion: """
            Every gateway refuses them within two seconds; one that can't reach the database, after five minutes. Exit \
            status 3: there is no such key.

            EXAMPLES
              tidemark keys list
              tidemark keys revoke 4f9c2e7a01b3d586
            """)

    @Argument(help: "Their ids, as `tidemark keys list` shows them: what follows tmk_ in the key.")
    var ids: [String]

    @OptionGroup var keys: KeysOptions

    func run() async throws {
        try await keys.run { store in
            var missing: [String] = []
            for id in ids {
                guard let key = try await store.revoke(id, at: SystemWallClock().now()) else {
                    missing.append(id)
                    continue
                }
                try keys.show(key)
            }
            guard missing.isEmpty else {
                Terminal.note("tidemark: there is no access key \(missing.joined(separator: ", ")).")
                throw ExitStatus.notFound.code
            }
        }
    }
}
