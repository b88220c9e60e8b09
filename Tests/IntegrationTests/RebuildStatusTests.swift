import EventLog
import Foundation
import LocalStack
import Testing

@Suite("What a rebuild tells of itself", .timeLimit(.minutes(2)))
struct RebuildStatusTests {
    /// Keeps the last partition's rows from being written as long as somebody holds the lock.
    private static let pause = """
        CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_advisory_xact_lock(3);
            RETURN NEW;
        END $$;
        CREATE TRIGGER pause BEFORE UPDATE OF seq ON rebuilds FOR EACH ROW WHEN (NEW.partition = 3 AND OLD.seq = 0)
        EXECUTE FUNCTION pause()
        """

    private func status(_ database: TestDatabase, _ arguments: String...) async throws -> String {
        let run = try await CommandLineRun.run(
            ["rebuild", "status"] + arguments,
            environment: ["TIDEMARK_LOG_LEVEL": "critical", "TIDEMARK_DATABASE_URL": database.url])
        #expect(run.exit == .exited(0), "\(run)")
        return run.output
    }

    private func lines(_ generation: Int, _ other: (Int) -> String) -> String {
        (0..<4).map { "partition \($0): generation \(generation) at 500\(other($0))\n" }.joined()
    }

    @Test("The status and the progress tell of a generation before it is begun, in the making, and after the swap")
    func story() async throws {
        let log = try await RebuildLog(events: 2_000)
        let database = log.database
        let sql = try database.sql()
        try sql.run(Self.pause)
        #expect(try await status(database) == lines(1) { _ in "" })

        let progress = RebuildProgress()
        #expect(progress.current.phase == .waiting && progress.current.total == 0)
        try sql.run("SELECT pg_advisory_lock(3)")
        let rebuilding = Task {
            var options = Rebuild.Options()
            options.jobs = 1
            return try await Rebuild.run(database.configuration(), options, progress: progress)
        }
        try await eventually("three of four partitions", state: { progress.current }) {
            $0.partitionsDone == 3 && $0.done == 2_000
        }
        let reading = progress.current
        #expect(reading.phase == .building && reading.total == 2_000 && reading.partitions == 4, "\(reading)")
        let building = try await status(database)
        try sql.run("SELECT pg_advisory_unlock(3)")
        #expect(building == lines(1) { "; the other one: building, at \($0 < 3 ? 500 : 0), a process works on it" })

        let report = try await rebuilding.value
        #expect(report.isSwapped)
        let end = progress.current
        #expect(end.phase == .swapping && end.partitionsDone == 4 && end.partitions == 4, "\(end)")
        #expect(try await status(database) == lines(2) { _ in "; the other one: swapped, at 500, compared at 500" })
        let json = try JSONSerialization.jsonObject(with: Data(try await status(database, "--output", "json").utf8))
        let partitions = try #require((json as? [String: Any])?["partitions"] as? [[String: Any]])
        #expect(partitions.count == 4)
        for (partition, digest) in zip(partitions, report.partitions) {
            #expect(partition["stage"] as? String == "swapped" && partition["mirrored"] as? Bool == true)
            #expect(partition["running"] as? Bool == false && partition["generation"] as? Int == 2)
            #expect(partition["rows"] as? Int == Int(digest.digest.rows))
            #expect(partition["digest"] as? String == digest.digest.description)
        }

        // The old one is kept up to date, and the status says so.
        let store = PostgresEventStore(database.configuration())
        _ = try await TestBatch(["new": "1", "newer": "2"]).apply(to: store)
        await store.close()
        #expect(
            try await status(database).hasPrefix("partition 0: generation 2 at 502; the other one: swapped, at 502"))
        _ = try await Rebuild.rollBack(database.configuration())
        #expect(try await status(database).hasPrefix("partition 0: generation 3 at 502; the other one: rolled-back"))
        let finishing = RebuildProgress()
        let dropped = try await Rebuild.finish(database.configuration(), progress: finishing)
        #expect(finishing.current.phase == .dropping && finishing.current.done == dropped && dropped > 0)
        #expect(try await !status(database).contains("the other one"))
    }
}
