import Access
import Foundation
import LocalStack
import Testing

extension AccessTests {
    private static let everything = ["read", "write", "delete", "audit", "admin"].flatMap { ["--verb", $0] }

    @Test("A principal of a prefix reaches no other key: by no spelling, list, batch, history or status")
    func prefixes() async throws {
        let cluster = try await TestCluster()
        let root = ["Authorization": "Bearer " + (try await create(cluster, "root", Self.everything + ["--all-keys"]))]
        let limited = try await create(cluster, "shop", Self.everything + ["--prefix", "shop/"])
        let shop = ["Authorization": "Bearer " + limited]
        try await cluster.withProjector { _ in
            try await withGateways(cluster) { gateway, _ in
                let secret = try await gateway.put("secret/1", "hidden", root.with("Prefer", "wait=20"))
                #expect(secret.status == 201)
                #expect(try await gateway.put("shop/1", "shown", shop.with("Prefer", "wait=20")).status == 201)

                let spellings = [
                    "secret/1", "secret%2F1", "%73ecret/1", "shop/../secret/1", "shop/%2e%2e/secret/1",
                    "shop%2f..%2fsecret%2f1", "./secret/1", "/secret/1", "shop//../../secret/1",
                    "shop/%252e%252e/secret/1",
                ]
                for spelling in spellings {
                    for base in ["/v1/kv/", "/v1/history/"] {
                        let answer = try await HTTP.send(.get, gateway.url + base + spelling, shop)
                        // Some are keys of its own, whose names look like paths.
                        #expect(!answer.text.contains("hidden"), "\(base)\(spelling): \(answer)")
                        #expect(spelling.hasPrefix("shop") || answer.status >= 400, "\(base)\(spelling): \(answer)")
                    }
                    let put = try await HTTP.send(.put, gateway.url + "/v1/kv/" + spelling, shop, body: "taken")
                    let delete = try await HTTP.send(.delete, gateway.url + "/v1/kv/" + spelling, shop)
                    #expect(spelling.hasPrefix("shop") || (put.status >= 400 && delete.status >= 400), "\(spelling)")
                }
                let values = try await HTTP.send(.get, gateway.url + "/v1/history/secret/1?values=true", shop)
                #expect(values.status == 403)

                let list = try await HTTP.send(.get, gateway.url + "/v1/kv?values=true", shop)
                #expect(
                    list.status == 200 && list.text.contains("shop/1") && !list.text.contains("hidden")
                        && !list.text.contains("\"secret"), "\(list)")
                #expect(try await HTTP.send(.get, gateway.url + "/v1/kv?prefix=secret/", shop).status == 403)

                let operations = #"{"operations":[{"op":"get","key":"secret/1"},{"op":"delete","key":"secret/1"}]}"#
                let batch = try await HTTP.send(
                    .post, gateway.url + "/v1/batch", shop.with("Content-Type", "application/json"), body: operations)
                #expect(!batch.text.contains("hidden") && batch.text.contains("403"), "\(batch)")

                let command = try #require(secret.json["command"] as? String)
                #expect(try await HTTP.send(.get, gateway.url + "/v1/commands/" + command, root).status == 200)
                let status = try await HTTP.send(.get, gateway.url + "/v1/commands/" + command, shop)
                #expect(status.json["status"] as? String == "pending", "as of a command that nobody knows: \(status)")
                #expect(try await gateway.get("secret/1", root).text == "hidden")
            }
        }
    }

    @Test("The change feed shows a principal its keys alone, and ends when its access key is revoked")
    func feed() async throws {
        let cluster = try await TestCluster()
        let root = ["Authorization": "Bearer " + (try await create(cluster, "root", Self.everything + ["--all-keys"]))]
        let limited = try await create(cluster, "watcher", ["--verb", "audit", "--prefix", "shop/"])
        let reader = try await create(cluster, "reader", ["--verb", "read", "--all-keys"])
        try await cluster.withProjector { _ in
            try await withGateways(cluster) { gateway, _ in
                func refusal(_ query: String, _ token: String?) async throws -> Int {
                    let headers = token.map { ["Authorization": "Bearer " + $0] } ?? [:]
                    return try await HTTP.send(.get, gateway.url + "/v1/changes" + query, headers).status
                }
                #expect(try await refusal("", nil) == 401)
                #expect(try await refusal("", reader) == 403)
                #expect(try await refusal("?prefix=secret/", limited) == 403)

                let wait = root.with("Prefer", "wait=20")
                func write(_ round: Int) async throws {
                    for key in ["secret/\(round)", "sho", "shop/\(round)", "shoq"] {
                        _ = try await gateway.put(key, "x", wait)
                    }
                }
                try await write(1)
                var feed = try await FeedClient(gateway, "?after=beginning&values=true", token: limited)
                var all = try await FeedClient(gateway, "?after=beginning&prefix=s", token: limited)
                try await write(2)
                for _ in 0..<2 {
                    #expect(Set(try await feed.take(2).map(\.key)) == ["shop/1", "shop/2"])
                    feed = all
                }
                let id = try #require(AccessToken(limited[...])).id
                _ = try await tidemark(cluster, "keys", "revoke", id)
                let began = ContinuousClock.now
                await #expect(throws: FeedClient.End.self) { while true { _ = try await all.next() } }
                #expect(ContinuousClock.now - began < .seconds(10))
                try await eventually("refused", state: { try await refusal("", limited) }) { $0 == 401 }
            }
        }
    }

    @Test("A principal beyond its rate gets 429 and when to try again; another goes on")
    func rate() async throws {
        let cluster = try await TestCluster()
        let slow = try await create(cluster, "slow", ["--verb", "read", "--all-keys", "--rate", "1"])
        let fast = try await create(cluster, "fast", ["--verb", "read", "--all-keys"])
        try await withGateways(cluster) { gateway, _ in
            func get(_ token: String) async throws -> HTTP.Answer {
                try await gateway.get("k", ["Authorization": "Bearer " + token])
            }
            var answers: [HTTP.Answer] = []
            for _ in 0..<20 { answers.append(try await get(slow)) }
            let refused = answers.filter { $0.status == 429 }
            #expect(refused.count > 10, "\(answers.map(\.status))")
            #expect(refused.allSatisfy { $0.headers["retry-after"].flatMap { Int($0) } ?? 0 >= 1 })
            #expect(try await get(fast).status == 404)
        }
    }

    @Test("Tokens by the keys of a JWKS file are admitted, by RS256, ES256 and EdDSA; others are not")
    func keySet() async throws {
        let directory = TestServers.directory.appendingPathComponent("jwks-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        func shell(_ script: String, _ environment: [String: String] = [:]) async throws -> String {
            try await OneShot.run(
                "/bin/sh", ["-euc", Self.base64URL + script],
                environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }, in: directory)
        }
        _ = try await shell(Self.makeKeys)
        let cluster = try await TestCluster()
        try await withGateways(cluster, setFile: directory.appendingPathComponent("set.json").path) { gateway, _ in
            func status(_ algorithm: String, key: String, kid: String, _ path: String = "a/1") async throws -> Int {
                let token = try await shell(Self.sign, ["ALG": algorithm, "KEY": key, "KID": kid])
                return try await gateway.get(path, ["Authorization": "Bearer " + token]).status
            }
            for (algorithm, key) in [("RS256", "r"), ("ES256", "e"), ("EdDSA", "d")] {
                #expect(try await status(algorithm, key: key, kid: key) == 404, "\(algorithm)")
                #expect(try await status(algorithm, key: key, kid: key, "b/1") == 403, "\(algorithm)")
                #expect(try await status(algorithm, key: key, kid: "other") == 401, "\(algorithm)")
            }
            #expect(try await status("RS256", key: "foreign", kid: "r") == 401)
            #expect(try await status("ES256", key: "e", kid: "r") == 401)
            _ = try await shell(Self.withoutES256)
            try await eventually("the key is gone", state: { try await status("ES256", key: "e", kid: "e") }) {
                $0 == 401
            }
            #expect(try await status("EdDSA", key: "d", kid: "d") == 404)
        }
    }

    // By openssl, so that what is checked is not checked by itself.
    private static let base64URL = "b() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }\n"
    private static let makeKeys = #"""
        for key in r foreign; do openssl genrsa -out "$key.pem" 2048 2>/dev/null; done
        openssl ecparam -name prime256v1 -genkey -noout -out e.pem
        openssl genpkey -algorithm ed25519 -out d.pem
        public() { openssl pkey -in "$1.pem" -pubout -outform DER | tail -c "$2"; }
        n=$(openssl rsa -in r.pem -noout -modulus | cut -d= -f2 | perl -ne 'chomp; print pack "H*", $_' | b)
        r='{"kty":"RSA","kid":"r","alg":"RS256","e":"AQAB","n":"'$n'"}'
        e='{"kty":"EC","crv":"P-256","kid":"e","alg":"ES256","x":"'$(public e 64 | head -c 32 | b)'","y":"'$(public e 32 | b)'"}'
        d='{"kty":"OKP","crv":"Ed25519","kid":"d","alg":"EdDSA","x":"'$(public d 32 | b)'"}'
        printf '{"keys":[%s,%s,%s]}' "$r" "$e" "$d" >set.json
        printf '{"keys":[%s,%s]}' "$r" "$d" >fewer.json
        """#
    private static let withoutES256 = "mv fewer.json set.json"
    private static let sign = #"""
        h=$(printf '{"alg":"%s","kid":"%s"}' "$ALG" "$KID" | b)
        p=$(printf '{"sub":"a","exp":4102444800,"tidemark":{"verbs":["read"],"prefixes":["a/"]}}' | b)
        printf '%s' "$h.$p" >"text.$$"
        case $ALG in
            RS256) s=$(openssl dgst -sha256 -sign "$KEY.pem" "text.$$" | b) ;;
            # r and s, 32 bytes each, for DER's two integers.
            ES256) s=$(openssl dgst -sha256 -sign "$KEY.pem" "text.$$" | openssl asn1parse -inform DER                 | perl -ne 'print pack "H*", substr("0" x 64 . $1, -64) if /INTEGER\s*:([0-9A-F]+)/' | b) ;;
            EdDSA) s=$(openssl pkeyutl -sign -rawin -inkey "$KEY.pem" -in "text.$$" | b) ;;
        esac
        printf '%s' "$h.$p.$s"
        """#
}
