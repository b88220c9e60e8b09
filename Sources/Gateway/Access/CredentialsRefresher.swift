package import Access
package import EventLog
package import Logging
package import ServiceLifecycle

/// Keeps a gateway's credentials fresh: reads the access keys once a second, and the files with token keys when they change.
package final class CredentialsRefresher: Service {
    /// A revoked key is refused so long, and a query, after its revocation.
    static let interval = Duration.seconds(1)

    private let gatekeeper: Gatekeeper
    private let store: any AccessKeyStore
    private let files: TokenKeyFiles?
    private let logger: Logger

    package init(gatekeeper: Gatekeeper, store: any AccessKeyStore, files: TokenKeyFiles? = nil, logger: Logger) {
        self.gatekeeper = gatekeeper
        self.store = store
        self.files = files
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var wasAway = false
            while !Task.isCancelled {
                let failure = await self.refresh()
                if let failure, !wasAway {
                    self.logger.warning(
                        "access keys can't be read",
                        metadata: [
                            "error": "\(failure.message)",
                            "access.patience_seconds": "\(Credentials.patience.components.seconds)",
                        ])
                }
                wasAway = failure != nil
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// - Returns: why the keys could not be read.
    @discardableResult
    package func refresh() async -> EventLogError? {
        if let keys = await files?.changed(logger) { gatekeeper.update { $0.tokens.keys = keys } }
        let began = ContinuousClock.now
        do throws(EventLogError) {
            let keys = try await store.unrevoked()
            gatekeeper.update { $0.replace(keys: keys, readAt: began) }
            return nil
        } catch {
            return error
        }
    }
}
