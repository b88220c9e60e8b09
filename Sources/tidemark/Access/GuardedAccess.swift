import Access
import EventLog
import Gateway
import Logging

/// What a gateway with access control has besides.
struct GuardedAccess {
    let gatekeeper: Gatekeeper
    let store: PostgresAccessKeyStore
    let refresher: CredentialsRefresher

    init(
        _ settings: Settings, _ tokens: (verifier: TokenVerifier, files: TokenKeyFiles), _ logger: Logger
    ) throws {
        let rate = try settings.optional(.accessRate).map { _ in
            try settings.integer(.accessRate, in: AccessKey.rates)
        }
        gatekeeper = Gatekeeper(Credentials(tokens: tokens.verifier), rate: rate)
        store = PostgresAccessKeyStore(settings.postgres(application: "tidemark-gateway"))
        refresher = CredentialsRefresher(gatekeeper: gatekeeper, store: store, files: tokens.files, logger: logger)
    }
}
