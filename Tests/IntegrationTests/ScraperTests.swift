import AsyncHTTPClient
import Autoscaler
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("Scrapes of instances that misbehave")
struct ScraperTests {
    private static let whole = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na 1\n"

    private func instance(_ role: Role, _ server: FixedAnswer, _ state: Instance.State = .ready) -> Instance {
        Instance(id: "\(role)", role: role, url: server.url, state: state)
    }

    @Test(
        "One that freezes in the middle of its answer is waited for no longer than the time limit",
        .timeLimit(.minutes(1)))
    func frozen() async throws {
        let frozen = try await FixedAnswer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n")
        let well = try await FixedAnswer(Self.whole)
        let members = await Scraper(http: .shared, timeout: .milliseconds(500)).scrape([
            instance(.gateway, frozen), instance(.projector, well),
        ])
        #expect(members.map { $0.exposition != nil } == [false, true])
        #expect(members[0].failure == "no whole answer within 0.5 seconds" && members[1].failure == nil)
        try await frozen.close()
        try await well.close()
    }

    @Test("A refusal is told with its status")
    func refused() async throws {
        let server = try await FixedAnswer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        let members = await Scraper(http: .shared).scrape([instance(.gateway, server)])
        #expect(members[0].failure == "GET /metrics was answered with 401.")
        try await server.close()
    }

    @Test("Gateways get the access key that is in force at that moment, projectors none")
    func token() async throws {
        let server = try await FixedAnswer(Self.whole)
        let key = Mutex("old")
        let scraper = Scraper(http: .shared) { key.withLock { $0 } }
        _ = await scraper.scrape([instance(.gateway, server)])
        key.withLock { $0 = "new" }
        _ = await scraper.scrape([instance(.gateway, server)])
        _ = await scraper.scrape([instance(.projector, server)])
        let asked = server.requests
        #expect(asked.map { $0.contains("Bearer old") } == [true, false, false])
        #expect(asked.map { $0.contains("Bearer new") } == [false, true, false])
        try await server.close()
    }
}

/// Answers each request with the same bytes, and remembers what it was asked.
private struct FixedAnswer {
    private final class Asked: Sendable {
        let texts = Mutex<[String]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String
        private let asked: Asked

        init(_ answer: String, _ asked: Asked) { (self.answer, self.asked) = (answer, asked) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let request = String(buffer: unwrapInboundIn(data))
            asked.texts.withLock { $0.append(request) }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }
    }

    private let asked: Asked
    private let channel: any Channel

    init(_ answer: String) async throws {
        let asked = Asked()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer, asked))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.asked = asked
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    var requests: [String] { asked.texts.withLock { $0 } }

    func close() async throws { try await channel.close() }
}
