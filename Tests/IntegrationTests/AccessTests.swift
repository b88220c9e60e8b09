import Access
import Commands
import Foundation
import Gateway
import LocalStack
import Testing

@testable import EventLog

@Suite("Access control on real servers")
struct AccessTests {
    /// Runs the command line against the cluster's database.
    func tidemark(_ cluster: TestCluster, _ arguments: String...) async throws -> String {
        try await tidemark(cluster, arguments)
    }

    private func tidemark(_ cluster: TestCluster, _ arguments: [String]) async throws -> String {
        try await OneShot.run(
            DevProcess.executable, arguments,
            environment: ProcessDescription.minimalEnvironment(home: TestServers.directory).merging([
                "TIDEMARK_DATABASE_URL": cluster.database.connectionString
            ]) { $1 }, in: TestServers.directory)
    }

    func create(_ cluster: TestCluster, _ name: String, _ arguments: [String]) async throws -> String {
        let text = try await tidemark(cluster, ["keys", "create", name] + arguments + ["--output", "json"])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        return try #require(json["token"] as? String)
    }

    /// Lends two gateways with access control that learn of keys as those of a cluster do.
    func withGateways(
        _ cluster: TestCluster, setFile: String? = nil, secretFile: String? = nil,
        _ body: (TestGateway, TestGateway) async throws -> Void
    ) async throws {
        let store = PostgresAccessKeyStore(cluster.database)
        func gatekeeper() async throws -> (Gatekeeper, Task<Void, any Error>) {
            var tokens = TokenVerifier(keys: TokenKeys())
            let files = TokenKeyFiles(set: setFile, secret: secretFile)
            tokens.keys = try await files.read()
            let gatekeeper = Gatekeeper(Credentials(tokens: tokens))
            let refresher = CredentialsRefresher(
                gatekeeper: gatekeeper, store: store, files: files, logger: TestCluster.quiet)
            await refresher.refresh()
            return (gatekeeper, Task { try await refresher.run() })
        }
        let (first, second) = (try await gatekeeper(), try await gatekeeper())
        try await cluster.withGateway(gatekeeper: first.0) { one in
            try await cluster.withGateway(gatekeeper: second.0) { two in try await body(one, two) }
        }
        first.1.cancel()
        second.1.cancel()
        await store.close()
    }

    @Test("A key that comes from a file is made once, and not printed")
    func keyFromFile() async throws {
        let cluster = try await TestCluster()
        let token = AccessToken.random()
        let file = TestServers.directory.appendingPathComponent("token-\(token.id)")
        try Data("\(token.text)\n".utf8).write(to: file)
        func create(_ verb: String = "read") async throws -> String {
            try await tidemark(
                cluster, "keys", "create", "ops", "--verb", verb, "--all-keys", "--token-file", file.path)
        }
        let first = try await create()
        #expect(first.contains(token.id) && !first.contains(token.text), "\(first)")
        #expect(try await create() == first)
        // Whoever relies on the key to be there relies on what it may do.
        await #expect(throws: (any Error).self) { try await create("write") }
        let store = PostgresAccessKeyStore(cluster.database)
        let keys = try await store.all()
        #expect(keys.count == 1)
        #expect(keys.first.map { token.matches($0.secretHash) } == true)
        _ = try await store.revoke(token.id, at: SystemWallClock().now())
        await store.close()
        await #expect(throws: (any Error).self) { try await create() }

        // The same id with another secret is another key, and not made in silence.
        let other = "tmk_\(token.id)_\(String(repeating: "A", count: 43))"
        try Data(other.utf8).write(to: file)
        await #expect(throws: (any Error).self) { try await create() }
    }

    @Test("Stored keys read back as they were, and a revoked one is not among those in force")
    func store() async throws {
        let cluster = try await TestCluster()
        let store = PostgresAccessKeyStore(cluster.database)
        let now = SystemWallClock().now()
        var keys: [AccessKey] = []
        for (index, prefixes) in [[], [""], ["a/", "{\"x\",NULL}", "caf\u{e9}", "cafe\u{301}", "\\", " "]].enumerated()
        {
            let token = AccessToken.random()
            let key = AccessKey(
                id: token.id, name: "n\(index)", secretHash: token.hash,
                grant: Grant(verbs: index == 0 ? [] : [.read, .admin], prefixes: prefixes),
                rate: index == 1 ? 7 : nil, createdAt: now + .seconds(index),
                expiresAt: index == 2 ? now + .seconds(60) : nil)
            try await store.create(key)
            keys.append(key)
        }
        #expect(try await store.all() == keys)
        let revoked = try #require(try await store.revoke(keys[1].id, at: now))
        #expect(revoked.revokedAt == now)
        #expect(try await store.revoke(keys[1].id, at: now + .seconds(5)) == revoked, "the first time stays")
        #expect(try await store.unrevoked().sorted { $0.name < $1.name } == [keys[0], keys[2]])
        #expect(try await store.revoke("0000000000000000", at: now) == nil)
        await #expect(throws: EventLogError.self) { try await store.create(keys[0]) }
        await store.close()
    }

    @Test(
        "A key made on the command line is good on every gateway, stands in events, and is refused soon after its end")
    func lifetime() async throws {
        let cluster = try await TestCluster()
        let token = try await create(
            cluster, "shop", ["--verb", "read", "--verb", "write", "--verb", "audit", "--prefix", "shop/"])
        let stranger = try await create(cluster, "other", ["--verb", "read", "--verb", "write", "--all-keys"])
        try await cluster.withProjector { _ in
            try await withGateways(cluster) { one, two in
                let wait = ["Authorization": "Bearer " + token, "Prefer": "wait=20"]
                let put = try await one.put("shop/1", "x", wait.with("Idempotency-Key", "i"))
                #expect(put.status == 201, "\(put)")
                #expect(try await two.get("shop/1", wait).text == "x")
                #expect(try await two.get("secret", wait).status == 403)
                #expect(try await two.get("shop/1").status == 401)

                // Another principal's Idempotency-Key is another command.
                let others = ["Authorization": "Bearer " + stranger, "Prefer": "wait=20", "Idempotency-Key": "i"]
                let theirs = try await two.put("shop/1", "y", others)
                #expect(theirs.status == 200 && theirs.json["command"] as? String != put.json["command"] as? String)
                let history = try await HTTP.send(.get, one.url + "/v1/history/shop/1", wait)
                let events = try #require(history.json["events"] as? [[String: Any]])
                #expect(events.map { $0["principal"] as? String } == ["key:shop", "key:other"])

                // A key that is new is known within seconds, too.
                let late = try await create(cluster, "late", ["--verb", "read", "--all-keys", "--expires", "1h"])
                try await eventually(
                    within: .seconds(4), "new key known",
                    state: { try await two.get("shop/1", ["Authorization": "Bearer " + late]).status }
                ) { $0 == 200 }

                let id = try #require(AccessToken(token[...])).id
                let began = ContinuousClock.now
                _ = try await tidemark(cluster, "keys", "revoke", id)
                for gateway in [one, two] {
                    try await eventually(
                        within: .seconds(4), "revoked", state: { try await gateway.get("shop/1", wait).status }
                    ) { $0 == 401 }
                }
                #expect(ContinuousClock.now - began < .seconds(5))
                let list = try await tidemark(cluster, "keys", "list")
                #expect(list.contains(id) && list.contains("revoked") && list.contains("\"shop/\""))
                for secret in [token, stranger, late] { #expect(!list.contains(secret.suffix(43))) }
            }
        }
    }

    @Test("Token keys are read again when their file changes, and rubbish leaves the old ones in force")
    func tokenKeys() async throws {
        let directory = TestServers.directory.appendingPathComponent("jwks-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("secret")
        let (old, new) = (String(repeating: "o", count: 40), String(repeating: "n", count: 40))
        try Data(old.utf8).write(to: file)
        let cluster = try await TestCluster()
        try await withGateways(cluster, secretFile: file.path) { one, _ in
            func status(_ secret: String) async throws -> Int {
                let token = try await OneShot.run(
                    "/bin/sh", ["-c", Self.signer], environment: ["PATH": "/usr/bin:/bin", "SECRET": secret],
                    in: directory)
                return try await one.get("a/1", ["Authorization": "Bearer " + token]).status
            }
            #expect(try await status(old) == 404)
            #expect(try await status(new) == 401)
            try Data(new.utf8).write(to: file, options: .atomic)
            try await eventually("new secret", state: { try await status(new) }) { $0 == 404 }
            #expect(try await status(old) == 401)
            try Data("short".utf8).write(to: file, options: .atomic)
            try await Task.sleep(for: .milliseconds(1_500))
            #expect(try await status(new) == 404)
        }
    }

    /// HS256 by openssl, so that what is checked is not checked by itself.
    private static let signer = """
        b() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
        h=$(printf '{"alg":"HS256"}' | b)
        p=$(printf '{"sub":"a","exp":4102444800,"tidemark":{"verbs":["read"],"prefixes":["a/"]}}' | b)
        s=$(printf '%s' "$h.$p" | openssl dgst -sha256 -hmac "$SECRET" -binary | b)
        printf '%s' "$h.$p.$s"
        """

    @Test("A gateway that others can reach refuses to start open, and says what to do")
    func refusesToStartOpen() async throws {
        let failure = await #expect(throws: StartFailure.self) {
            try await OneShot.run(
                DevProcess.executable, ["gateway", "--host", "0.0.0.0"],
                environment: ProcessDescription.minimalEnvironment(home: TestServers.directory),
                in: TestServers.directory)
        }
        let text = failure.map { "\($0)" } ?? ""
        #expect(text.contains("--access on") && text.contains("--insecure"), "\(text)")
    }
}
