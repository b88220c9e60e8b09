import Commands
import EventLog
import Foundation
import Projector
import Synchronization
import Testing

@Suite("End to end: commands that kill the projector", .timeLimit(.minutes(5)))
struct TrialTests {
    /// How many deliveries make a message suspect here, to save rounds.
    private static let suspectDeliveries = 2

    private final class Death: Sendable {
        private let state = Mutex(false)
        var came: Bool { state.withLock { $0 } }

        /// The process dies here: nothing of what follows happens, nobody is told.
        func comes() async throws(EventLogError) {
            state.withLock { $0 = true }
            try? await Task.sleep(for: .seconds(600))
            throw EventLogError(.unavailable, "dead")
        }
    }

    private func projector(_ cluster: TestCluster, hooks: ProjectorHooks) -> TestProjector {
        TestProjector(cluster, hooks: hooks) { configuration in
            configuration.suspectDeliveries = Self.suspectDeliveries
            configuration.leaseDuration = .milliseconds(1_000)
            configuration.drainTimeout = .milliseconds(300)
        }
    }

    @Test("A command that every projector dies of is set aside, and nothing else is")
    func poison() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let poison = try Key("poison")
        try await cluster.withGateway { gateway in
            let operations = ["a", "b", "poison", "c", "d"].map { #"{"op":"put","key":"\#($0)","value":"1"}"# }
            let batch = try await HTTP.send(
                .post, gateway.url + "/v1/batch", body: #"{"operations":[\#(operations.joined(separator: ","))]}"#)
            let results = try #require(batch.json["results"] as? [[String: Any]], "\(batch)")
            #expect(results.allSatisfy { $0["status"] as? Int == 202 }, "\(batch)")
            #expect(try await gateway.put("later", "1").status == 202)

            var deaths = 0
            while deaths < 20 {
                let death = Death()
                let hooks = ProjectorHooks(
                    beforeTransaction: { read throws(EventLogError) in
                        if read.keys.contains(poison) { try await death.comes() }
                    })
                let projector = projector(cluster, hooks: hooks)
                try await eventually(
                    "dead or done", state: { (death.came, try await gateway.keys("")) }, until: { $0 || $1 == 5 })
                if !death.came {
                    await projector.close()
                    break
                }
                deaths += 1
                await projector.kill()
            }
            // As one of a batch until it is suspect, once as one of its message, and alone.
            let alone = ProjectorConfiguration(name: "").loneTries
            #expect(deaths >= Self.suspectDeliveries + 1 + alone && deaths <= Self.suspectDeliveries + 2 + alone)
            let id = try #require(results[2]["command"] as? String)
            let status = try await HTTP.send(.get, gateway.url + "/v1/commands/" + id)
            #expect(status.json["status"] as? String == "dead", "\(status)")
            #expect(status.json["reason"] as? String == "crashed the projector (\(alone) attempts)", "\(status)")
            #expect(try await gateway.get("poison").status == 404)
            for key in ["a", "b", "c", "d", "later"] {
                #expect(try await gateway.history(key).count == 1, "\(key): once")
            }
        }
        let database = try SQL(cluster.database.connectionString)
        #expect(try database.run("SELECT key FROM dead_letters") == [["poison"]])
        #expect(try database.one("SELECT count(*) FROM trials") == "0")
    }

    @Test("What comes back often without being to blame is applied")
    func innocent() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let database = try SQL(cluster.database.connectionString)
        try await cluster.withGateway { gateway in
            for key in ["a", "b", "c"] { #expect(try await gateway.put(key, "1").status == 202) }
            // Killed for other reasons while these were on their way.
            for _ in 0...Self.suspectDeliveries {
                let death = Death()
                let hooks = ProjectorHooks(
                    beforeTransaction: { _ throws(EventLogError) in try await death.comes() })
                let projector = projector(cluster, hooks: hooks)
                try await eventually("dead", state: { death.came }) { $0 }
                await projector.kill()
            }
            #expect(try database.one("SELECT count(*) FROM trials") == "0", "not suspect yet")
            // Stopped gracefully in the midst of trials that come to nothing, more often than a culprit would be tried.
            for _ in 0...ProjectorConfiguration(name: "").loneTries + 1 {
                let tried = Death()
                let hooks = ProjectorHooks(
                    beforeTransaction: { _ throws(EventLogError) in try await tried.comes() })
                let projector = projector(cluster, hooks: hooks)
                try await eventually("tried", state: { tried.came }) { $0 }
                #expect(try database.run("SELECT tries FROM trials") == [["1"]])
                await projector.close()
                #expect(try database.one("SELECT count(*) FROM trials") == "0")
            }
            let projector = projector(cluster, hooks: ProjectorHooks())
            try await eventually("applied", state: { try await gateway.keys("") }) { $0 == 3 }
            await projector.close()
            for key in ["a", "b", "c"] { #expect(try await gateway.history(key).count == 1, "\(key): once") }
        }
        #expect(try database.one("SELECT count(*) FROM dead_letters") == "0")
        #expect(try database.one("SELECT count(*) FROM trials") == "0")
    }
}
