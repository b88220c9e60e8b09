import Hummingbird
package import Logging
package import ServiceLifecycle

/// `/livez`, `/readyz` and `/metrics` of a worker.
package struct ProbeServer: Service {
    private let host: String
    private let port: Int
    private let logger: Logger
    private let unready: String
    private let isReady: @Sendable () async -> Bool
    private let exposition: @Sendable () -> [UInt8]

    /// - Parameter unready: what `/readyz` says then, for whoever has to do something about it.
    package init(
        host: String, port: Int, logger: Logger, unready: String = "no leases yet: is the database up?",
        isReady: @escaping @Sendable () async -> Bool, exposition: @escaping @Sendable () -> [UInt8]
    ) {
        self.host = host
        self.port = port
        self.logger = logger
        self.unready = unready
        self.isReady = isReady
        self.exposition = exposition
    }

    package func run() async throws {
        let router = Router()
        router.get("livez") { _, _ in "alive\n" }
        router.get("readyz") { [isReady, unready] _, _ -> Response in
            let ready = await isReady()
            return Response(
                status: ready ? .ok : .serviceUnavailable, headers: [.contentType: "text/plain"],
                body: .init(byteBuffer: ByteBuffer(string: ready ? "ready\n" : unready + "\n")))
        }
        router.get("metrics") { [exposition] _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: exposition())))
        }
        try await Application(
            router: router, configuration: .init(address: .hostname(host, port: port)), logger: logger
        ).run()
    }
}
