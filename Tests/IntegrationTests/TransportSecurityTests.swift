import AsyncHTTPClient
import EventLog
import Foundation
import LocalStack
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import Commands
@testable import Gateway

@Suite("TLS: to the gateway, the broker and the database")
struct TransportSecurityTests {
    // MARK: - The gateway

    /// What a client that trusts these roots and opens a connection of its own is shown, or why it won't talk.
    private func served(_ url: String, trusting root: URL) async throws -> String {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = .makeClientConfiguration()
        configuration.tlsConfiguration?.trustRoots = .file(root.path)
        configuration.timeout.connect = .seconds(2)
        let client = HTTPClient(configuration: configuration)
        let text: String
        do {
            let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
            text = "\(response.status.code)"
        } catch {
            text = "refused"
        }
        try await client.shutdown()
        return text
    }

    @Test("HTTPS is answered, new connections get a new certificate, and a broken one leaves the old in force")
    func reload() async throws {
        let (first, second) = (try await TestCertificates(), try await TestCertificates())
        let files = try await first.issue("gateway")
        let other = try await second.issue("gateway")
        let certificates = try await Certificates(
            certificate: files.certificate.path, key: files.key.path, interval: .milliseconds(50),
            logger: TestCluster.quiet)
        let cluster = try await TestCluster()
        try await cluster.withGateway(certificates: certificates) { gateway in
            let live = gateway.url + "/livez"
            #expect(try await served(live, trusting: first.authority) == "200")
            #expect(try await served(live, trusting: second.authority) == "refused")
            let plain = live.replacing("https://", with: "http://")
            await #expect(throws: (any Error).self) { try await HTTP.send(.get, plain) }

            // One file after the other, as a tool replaces them; in between they don't belong together.
            try Data(contentsOf: other.certificate).write(to: files.certificate, options: .atomic)
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await served(live, trusting: first.authority) == "200", "the old pair stays")
            try Data(contentsOf: other.key).write(to: files.key, options: .atomic)
            try await eventually(
                "new certificate", state: { try await self.served(live, trusting: second.authority) }
            ) { $0 == "200" }
            #expect(try await served(live, trusting: first.authority) == "refused")
            try Data("rubbish".utf8).write(to: files.certificate, options: .atomic)
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await served(live, trusting: second.authority) == "200")
        }
    }

    @Test("The command line believes the authorities it is given, and no others; a probe says whether a role is ready")
    func commandLine() async throws {
        let (known, strange) = (try await TestCertificates(), try await TestCertificates())
        let files = try await known.issue("gateway")
        let certificates = try await Certificates(
            certificate: files.certificate.path, key: files.key.path, logger: TestCluster.quiet)
        let cluster = try await TestCluster()
        try await cluster.withGateway(certificates: certificates) { gateway in
            func get(_ authority: URL) async throws -> (exit: ProcessExit, output: String) {
                try await CommandLineRun.run(
                    ["get", "nothing", "--no-session", "--url", gateway.url, "--ca-file", authority.path])
            }
            let (trusted, distrusted) = (try await get(known.authority), try await get(strange.authority))
            #expect(trusted.exit == .exited(3), "a 404 is an answer")
            #expect(distrusted.exit == .exited(1))
            let fileless = try await get(known.file("no-such"))
            #expect(fileless.output.contains("no-such"))
        }
        try await cluster.withGateway { gateway in
            let alive = try await CommandLineRun.run(["probe", gateway.url + "/livez"])
            let nowhere = try await CommandLineRun.run(["probe", gateway.url + "/nowhere"])
            #expect(alive.exit == .exited(0))
            #expect(nowhere.exit == .exited(1))
        }
        let port = try FreePort.allocate()
        #expect(try await CommandLineRun.run(["probe", "http://127.0.0.1:\(port)/livez"]).exit == .exited(1))
    }

    @Test("Older versions of TLS are refused")
    func version() async throws {
        let authority = try await TestCertificates()
        let files = try await authority.issue("gateway")
        let certificates = try await Certificates(
            certificate: files.certificate.path, key: files.key.path, logger: TestCluster.quiet)
        let cluster = try await TestCluster()
        try await cluster.withGateway(certificates: certificates) { gateway in
            let address = gateway.url.replacing("https://", with: "")
            func handshake(_ version: String) async -> Bool {
                let output = try? await OneShot.run(
                    "/bin/sh",
                    [
                        "-c",
                        "openssl s_client -connect \(address) -CAfile \(authority.authority.path) -verify_return_error "
                            + "-cipher ALL:@SECLEVEL=0 \(version) < /dev/null",
                    ], in: authority.directory)
                return output?.contains("Verify return code: 0") == true
            }
            #expect(await handshake("-tls1_3"))
            #expect(await handshake("-tls1_2"))
            #expect(await handshake("-tls1_1") == false)
        }
    }

    @Test("Files that are no certificate and its key are refused at the start")
    func unusable() async throws {
        let authority = try await TestCertificates()
        let (one, other) = (try await authority.issue("one"), try await authority.issue("other"))
        for (certificate, key) in [
            (one.certificate, other.key), (one.key, one.key), (one.certificate, authority.file("missing")),
        ] {
            await #expect(throws: Certificates.Invalid.self) {
                try await Certificates(certificate: certificate.path, key: key.path, logger: TestCluster.quiet)
            }
        }
    }

    // MARK: - The database

    @Test("verify-full takes the database's own certificate, and refuses another root and another name")
    func database() async throws {
        let (authority, stranger) = (try await TestCertificates(), try await TestCertificates())
        var options = PostgresServer.Options()
        options.durable = false
        options.tls = try await authority.issue("database")
        let server = try await PostgresServer.start(
            directory: authority.directory.appendingPathComponent("postgres"), options: options)
        func connect(_ host: String, root: URL) async throws {
            let url = server.connectionString.replacing("@127.0.0.1:", with: "@\(host):")
                .replacing("sslmode=disable", with: "sslmode=verify-full&sslrootcert=\(root.path)")
            _ = try await Migrator.migrate(PostgresConfiguration(connectionString: url, connectTimeout: .seconds(2)))
        }
        do {
            try await connect("localhost", root: authority.authority)
            await #expect(throws: EventLogError.self) { try await connect("localhost", root: stranger.authority) }
            await #expect(throws: EventLogError.self) { try await connect("127.0.0.1", root: authority.authority) }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    // MARK: - The broker

    @Test("amqps takes the broker's own certificate, and refuses another root, another name and a plain port")
    func broker() async throws {
        let (authority, stranger) = (try await TestCertificates(), try await TestCertificates())
        let server = try RabbitMQServer(
            directory: authority.directory.appendingPathComponent("rabbitmq"),
            tls: try await authority.issue("broker"))
        try await server.start()
        func url(_ host: String, _ port: Int, root: URL) -> String {
            "amqps://\(server.user):\(server.password)@\(host):\(port)/?cacertfile=\(root.path)"
        }
        func refusal(_ url: String) async throws -> RabbitMQError? {
            var configuration = try RabbitMQConfiguration(urls: url)
            configuration.connectTimeout = .seconds(3)
            return try await NIOThreadPool.singleton.runIfActive { [configuration] in
                do throws(RabbitMQError) {
                    try AMQPConnection(
                        to: configuration.endpoints[0], name: "test", configuration: configuration
                    ).close()
                    return nil
                } catch {
                    return error
                }
            }
        }
        do {
            let port = try #require(server.tlsPort)
            #expect(try await refusal(url("localhost", port, root: authority.authority)) == nil)
            for (host, root) in [("localhost", stranger.authority), ("127.0.0.1", authority.authority)] {
                let error = try #require(try await refusal(url(host, port, root: root)))
                #expect(error.message.contains("certificate"), "\(error)")
                #expect(!"\(error)".contains(server.password))
            }
            #expect(try await refusal(url("localhost", server.port, root: authority.authority)) != nil)
            let missing = url("localhost", port, root: authority.file("missing"))
            #expect(try await refusal(missing)?.code == .misconfigured)

            // More than one TLS record, both ways: a projector takes what a gateway sent.
            let cluster = try await TestCluster { bus in
                let secure = url("localhost", port, root: authority.authority)
                bus.endpoints = (try? RabbitMQConfiguration(urls: secure).endpoints) ?? []
            }
            try await cluster.withProjector { _ in
                try await cluster.withGateway { gateway in
                    let value = String(repeating: "0123456789", count: 50_000)
                    for index in 0..<5 {
                        let put = try await gateway.put("k\(index)", value, ["Prefer": "wait=20"])
                        #expect(put.status == 201, "\(put.text)")
                    }
                    #expect(try await gateway.get("k4").text == value)
                }
            }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}
