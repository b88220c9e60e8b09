import Foundation
import Synchronization

/// A Redis, its replica, and three Sentinels that let the replica take its place.
///
/// The roles at the start are given; later the Sentinels decide. A Redis that died is started again by whoever started
/// it, and asks the Sentinels first: a master comes back as the replica of its successor.
final class RedisPair: Sendable {
    static let masterName = "tidemark"
    /// How long a master that died waits for its successor: what the Sentinels need, and some more.
    private static let patience = Duration.seconds(15)

    private let directory: URL
    private let cacheBytes: Int
    private let ports: [Int]
    private let sentinelPorts: [Int]
    /// Who was started already.
    private let started = Mutex<Set<Int>>([])

    /// Describes them; nothing runs yet. Data is in `redis-1` and `redis-2` of `directory`; what Sentinels learned in an
    /// earlier run is forgotten, because it was about other ports.
    init(directory: URL, cacheBytes: Int) throws {
        ports = try FreePort.allocate(2)
        sentinelPorts = try FreePort.allocate(3)
        self.directory = directory
        self.cacheBytes = cacheBytes
        for number in 1...sentinelPorts.count { try? FileManager.default.removeItem(at: sentinel(number)) }
    }

    private func sentinel(_ number: Int) -> URL { directory.appendingPathComponent("sentinel-\(number)") }

    func servers() throws -> [RedisServer] {
        try ports.enumerated().map { index, port in
            var options = RedisServer.Options()
            options.name = "redis-\(index + 1)"
            options.maximumMemoryBytes = cacheBytes
            options.master = { [self] in try await master(for: index) }
            return try RedisServer(
                directory: directory.appendingPathComponent(options.name), port: port, options: options)
        }
    }

    /// To be started after the servers.
    func sentinels() throws -> [SentinelServer] {
        try sentinelPorts.enumerated().map { index, port in
            try SentinelServer(
                directory: sentinel(index + 1), port: port, masterName: Self.masterName, masterPort: ports[0],
                name: "sentinel-\(index + 1)")
        }
    }

    /// For the clients of this project.
    var url: String {
        "redis-sentinel://\(sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ","))/\(Self.masterName)"
    }

    /// - Returns: the port of the master that this Redis is to follow; `nil` when it is the master.
    private func master(for index: Int) async throws -> Int? {
        if started.withLock({ $0.insert(index).inserted }) { return index == 0 ? nil : ports[0] }
        let deadline = ContinuousClock.now + Self.patience
        var known: Int?
        while ContinuousClock.now < deadline {
            for port in sentinelPorts {
                guard let master = try? await SentinelServer.master(named: Self.masterName, at: port) else { continue }
                if master != ports[index] { return master }
                known = master
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        // Nobody took its place, the other one being away too. Without any Sentinel it is as at the beginning.
        return known != nil || index == 0 ? nil : ports[0]
    }
}
