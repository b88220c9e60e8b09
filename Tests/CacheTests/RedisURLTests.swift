import Testing

@testable import Cache

@Suite struct RedisURLTests {
    @Test(
        "A Redis URL names hosts, password and database",
        arguments: [
            ("redis://localhost", ["localhost:6379"], nil, nil, 0),
            ("redis://127.0.0.1:7000/", ["127.0.0.1:7000"], nil, nil, 0),
            ("redis://:p%40ss:word@a:1,b,[::1]:3/12", ["a:1", "b:6379", "::1:3"], nil, "p@ss:word", 12),
            ("redis://me:secret@[fe80::1]", ["fe80::1:6379"], "me", "secret", 0),
        ] as [(String, [String], String?, String?, Int)])
    func parses(text: String, hosts: [String], user: String?, password: String?, database: Int) throws {
        let url = try RedisURL(text)
        #expect(url.hosts.map { "\($0.name):\($0.port)" } == hosts)
        #expect(url.user == user)
        #expect(url.password == password)
        #expect(url.database == database)
    }

    @Test(
        "Sentinels' URL names them, their master, and how to log in there",
        arguments: [
            ("redis-sentinel://a,b:2,[::1]/tidemark", ["a:26379", "b:2", "::1:26379"], nil, "tidemark", 0),
            ("redis-sentinel://:secret@a/my%20master/3", ["a:26379"], "secret", "my master", 3),
        ] as [(String, [String], String?, String, Int)])
    func sentinels(text: String, hosts: [String], password: String?, master: String, database: Int) throws {
        let url = try RedisURL(text)
        #expect(url.hosts.map { "\($0.name):\($0.port)" } == hosts)
        #expect(url.password == password)
        #expect(url.masterName == master)
        #expect(url.database == database)
    }

    @Test(
        "A Redis URL that makes no sense is refused, and its password not repeated",
        arguments: [
            "localhost:6379", "rediss://a", "redis://", "redis://a,,b", "redis://a:0", "redis://a:70000", "redis://a:x",
            "redis://hunter2@a", "redis://:hunter2@a:b", "redis://a/x", "redis://a/1/2", "redis-sentinel://a",
            "redis-sentinel://a/", "redis-sentinel://a/m/x",
            "redis-sentinel://:hunter2@a/m/-1",
            "redis://[::1", "redis://[::1]7",
        ])
    func refuses(text: String) {
        let error = #expect(throws: RedisURL.Invalid.self) { try RedisURL(text) }
        #expect(error?.description.contains("hunter2") == false)
    }
}
