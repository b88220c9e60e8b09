import Foundation
import Glibc
import Synchronization

/// Free TCP ports on 127.0.0.1.
///
/// They are taken from below the range that the kernel gives to outgoing connections: a server that comes back on its
/// port would otherwise find it used, now and then, by somebody's connection. No port is handed out twice by one
/// process; another process can still take one before it is used, which shows as a failed start.
package enum FreePort {
    private static let handedOut = Mutex<Set<Int>>([])

    package static func allocate() throws -> Int {
        try allocate(1)[0]
    }

    /// Distinct ports.
    package static func allocate(_ count: Int) throws -> [Int] {
        let candidates = 10_000..<max(firstEphemeral, 10_001)
        return try handedOut.withLock { used in
            var ports: [Int] = []
            for _ in 0..<10_000 where ports.count < count {
                let port = Int.random(in: candidates)
                if !used.contains(port), isFree(port) {
                    used.insert(port)
                    ports.append(port)
                }
            }
            guard ports.count == count else {
                throw StartFailure(
                    name: "A free port", reason: "could not be found between 10000 and \(candidates.upperBound)",
                    advice: "End processes that listen on 127.0.0.1 (ss -ltnp lists them) and try again.")
            }
            return ports
        }
    }

    /// Whether nothing holds the port on any address.
    package static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
    }

    private static var firstEphemeral: Int {
        let text = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
    }
}
