import NIOCore
import Testing

@testable import Cache

@Suite("Search for the Redis master")
struct MasterSearchTests {
    private static let sentinels = "redis-sentinel://s1,s2:2,s3/m"

    private func host(_ name: String, _ port: Int) -> RedisURL.Host { RedisURL.Host(name: name, port: port) }

    private func expect(
        _ step: MasterSearch.Step, from search: inout MasterSearch, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let next = search.next()
        #expect(next == step, sourceLocation: sourceLocation)
    }

    private func reply(_ words: String...) -> RedisReply {
        .array(words.map { .string(ByteBuffer(string: $0)) })
    }

    @Test("Redis servers are tried in turn, and after the last there is a pause")
    func direct() throws {
        var search = MasterSearch(try RedisURL("redis://a,b"))
        expect(.connect(host("a", 6_379)), from: &search)
        search.failed()
        expect(.connect(host("b", 6_379)), from: &search)
        search.failed()
        expect(.pause, from: &search)
        expect(.connect(host("a", 6_379)), from: &search)
        // One that served for a while and is lost makes way for the next, at once.
        search.lost(after: .seconds(60))
        expect(.connect(host("b", 6_379)), from: &search)
    }

    @Test(
        "Sentinels are asked in turn; the master that one names is tried, and the next Sentinel asked when it is of no use"
    )
    func sentinels() throws {
        var search = MasterSearch(try RedisURL(Self.sentinels))
        expect(.ask(host("s1", 26_379)), from: &search)
        search.failed()
        expect(.ask(host("s2", 2)), from: &search)
        let named = search.answered(reply("10.0.0.1", "7000"))
        #expect(named)
        expect(.connect(host("10.0.0.1", 7_000)), from: &search)
        search.failed()
        expect(.ask(host("s3", 26_379)), from: &search)
        let unknown = search.answered(.null)
        #expect(!unknown)
        search.failed()
        expect(.pause, from: &search)
        expect(.ask(host("s1", 26_379)), from: &search)
    }

    @Test("The Sentinel that helped last is asked first, but a master that lasts only a moment does not make it spin")
    func lost() throws {
        var search = MasterSearch(try RedisURL(Self.sentinels))
        _ = search.answered(reply("10.0.0.1", "7000"))
        search.lost(after: .seconds(60))
        expect(.ask(host("s1", 26_379)), from: &search)
        for _ in 0..<3 {
            _ = search.answered(reply("10.0.0.1", "7000"))
            search.lost(after: .milliseconds(10))
        }
        expect(.pause, from: &search)
    }

    @Test("What a Sentinel says ends the use of a master only if it names another")
    func announcements() throws {
        var search = MasterSearch(try RedisURL(Self.sentinels))
        _ = search.answered(reply("10.0.0.1", "7000"))
        func isOver(_ text: String, on channel: String = "+switch-master") -> Bool {
            search.isOver(by: reply("message", channel, text))
        }
        #expect(isOver("m 10.0.0.1 7000 10.0.0.2 7001"))
        #expect(!isOver("other 10.0.0.1 7000 10.0.0.2 7001"))
        #expect(!isOver("m 10.0.0.2 7001 10.0.0.1 7000"))
        #expect(!isOver("m 10.0.0.1 7000 10.0.0.2 7001", on: "+sdown"))
        #expect(!isOver("m 10.0.0.1 7000"))
        #expect(search.isOver(by: reply("10.0.0.2", "7001")))
        #expect(!search.isOver(by: reply("10.0.0.1", "7000")))
        #expect(!search.isOver(by: reply("pong", "")))
        #expect(!search.isOver(by: .null))
    }
}
