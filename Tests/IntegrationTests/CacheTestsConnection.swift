import Commands
import Foundation
import LocalStack
import Logging
import Testing

@testable import Cache

@Suite struct CacheConnectionTests {
    @Test("Of several hosts the master is used; one that is demoted is left for the new one")
    func master() async throws {
        try await CacheTestRedis.withOwnServer { first in
            try await CacheTestRedis.withOwnServer { second in
                let lane = Self.lane("redis://127.0.0.1:\(first.port),127.0.0.1:\(second.port)")
                #expect(await lane.waitUntilConnected(timeout: .seconds(5)))
                #expect(try await Self.port(lane) == first.port)
                let demotion = Self.lane(first.url)
                #expect(await demotion.waitUntilConnected(timeout: .seconds(5)))
                _ = try await demotion.send(RESPCommand.words("REPLICAOF", "127.0.0.1", "\(second.port)"))
                try await CacheBench.eventually("the new master") { (try? await Self.port(lane)) == second.port }
                await lane.close()
                await demotion.close()
            }
        }
    }

    @Test("A password is sent, and without the right one there is no connection")
    func password() async throws {
        try await CacheTestRedis.withOwnServer { server in
            let open = Self.lane(server.url)
            #expect(await open.waitUntilConnected(timeout: .seconds(5)))
            _ = try await open.send(RESPCommand.words("CONFIG", "SET", "requirepass", "p@ss"))
            await open.close()
            let right = Self.lane("redis://:p%40ss@127.0.0.1:\(server.port)/3")
            let wrong = Self.lane("redis://:pass@127.0.0.1:\(server.port)")
            #expect(await right.waitUntilConnected(timeout: .seconds(5)))
            #expect(try await right.send(RESPCommand("PING", arguments: 1)).text == "PONG")
            #expect(await !wrong.waitUntilConnected(timeout: .milliseconds(200)))
            await #expect(throws: CacheError.self) { try await wrong.send(RESPCommand("PING", arguments: 1)) }
            await right.close()
            await wrong.close()
        }
    }

    @Test("Too many waiting requests are refused at once, the others are answered when Redis goes on")
    func overload() async throws {
        try await CacheTestRedis.withOwnServer { server in
            let lane = Self.lane(server.url, queueLimit: 10)
            #expect(await lane.waitUntilConnected(timeout: .seconds(5)))
            server.pause()
            let outcomes = await withTaskGroup(of: Result<RedisReply, CacheError>.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        do throws(CacheError) {
                            return .success(try await lane.send(RESPCommand("PING", arguments: 1)))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                var outcomes: [Result<RedisReply, CacheError>] = []
                for await outcome in group {
                    outcomes.append(outcome)
                    if case .failure(let error) = outcome, error.code == .overloaded { server.resume() }
                }
                return outcomes
            }
            let codes = outcomes.map { outcome -> CacheError.Code? in
                if case .failure(let error) = outcome { return error.code }
                return nil
            }
            #expect(codes.contains(.overloaded))
            #expect(codes.contains(nil))
            #expect(!codes.contains(.refused))
            await lane.close()
            await #expect(throws: CacheError.self) { try await lane.send(RESPCommand("PING", arguments: 1)) }
        }
    }

    private static func lane(_ url: String, queueLimit: Int = 100) -> RedisLane {
        var configuration = RedisConfiguration(url: try! RedisURL(url))
        configuration.queueLimit = queueLimit
        var logger = Logger(label: "cache-tests")
        logger.logLevel = .critical
        return RedisLane(configuration, preamble: [], metrics: CacheMetrics(), logger: logger)
    }

    /// Of the server at the other end.
    private static func port(_ lane: RedisLane) async throws -> Int? {
        try await lane.send(RESPCommand.words("CONFIG", "GET", "port")).elements?.last?.text.flatMap { Int($0) }
    }
}
